-- The lines of the batch files, built by the server. The quote and delimiter are characters that JSON text never
-- holds, so that COPY's CSV format writes each line as it is; its text format would double every backslash.
copy (
  select json_build_object(
    'custom_id', id::text,
    'method', 'POST',
    'url', '/v1/chat/completions',
    'body', json_build_object(
      'model', 'gpt-4o-mini',
      'messages', json_build_array(
        json_build_object('role', 'system', 'content', 'You tag support tickets.'),
        json_build_object('role', 'user', 'content', 'Subject: ' || subject || E'\n\n' || body)
      ),
      'temperature', 0,
      'max_tokens', 60
    )
  )
  from mail
) to stdout with (format csv, quote E'\x01', delimiter E'\x02');
