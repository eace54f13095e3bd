import type { RateTeller } from '../routes/rate-limits.ts';

/** How Anthropic tells what is left, and how long to wait. */
export const tellRate: RateTeller = {
  left: (response, { what, limit, remaining, resetMs }) => {
    response.setHeader(`anthropic-ratelimit-${what}-limit`, limit);
    response.setHeader(`anthropic-ratelimit-${what}-remaining`, remaining);
    response.setHeader(`anthropic-ratelimit-${what}-reset`, new Date(Date.now() + resetMs).toISOString());
  },
  over: (response, resetMs) => {
    response.setHeader('retry-after', Math.ceil(resetMs / 1000));
    return 'This request would exceed your rate limit. Please try again later.';
  },
};
