/** `03:10Z`, of another day than `now` `2026-11-30 03:10Z`. */
export function momentText(at: number, now: number): string {
  const [day, time] = [dayOf(at), new Date(at).toISOString().slice(11, 16)];
  return day === dayOf(now) ? `${time}Z` : `${day} ${time}Z`;
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

/** `0:07`, `12:05`, `3:00:09`. */
export function spanText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const rest = String(seconds % 60).padStart(2, '0');
  return hours === 0 ? `${minutes}:${rest}` : `${hours}:${String(minutes).padStart(2, '0')}:${rest}`;
}
