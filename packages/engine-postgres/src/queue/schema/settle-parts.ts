/** What becomes of a message that is released or moved. @param s the schema as a quoted identifier */
export const queueSettleParts = (s: string): string => `
-- Headers that are laid over others. What jsonb cannot hold is kept beside what it is laid over.
create or replace function ${s}.queue_headers(p_old text, p_new text) returns text language plpgsql immutable as $$
begin
  if p_old is null or p_new is null then return coalesce(p_new, p_old); end if;
  if p_old || p_new ~ '\\\\u(0000|[dD][89a-fA-F])' then return p_old || chr(10) || p_new; end if;
  return (p_old::jsonb || p_new::jsonb)::text;
end $$;

-- To the end of another queue. It keeps its id unless that is taken there.
create or replace function ${s}.queue_move(p_message ${s}.queue_message, p_to text, p_headers text) returns void language plpgsql as $$
declare v_now bigint := ${s}.queue_now(); v_seq bigint := nextval('${s.replaceAll("'", "''")}.queue_number');
  v_id text := coalesce(p_message.id, '~' || to_hex(p_message.seq));
begin
  delete from ${s}.queue_message m where m.queue = p_message.queue and m.seq = p_message.seq;
  loop
    insert into ${s}.queue_message (queue, seq, turn, ready_at, put_at, lane, state, id, key, key_active_max, headers, body)
      values (p_to, v_seq, v_seq, v_now, v_now, p_message.lane, case when p_message.key is null then 0 else 2 end, v_id,
        p_message.key, p_message.key_active_max, ${s}.queue_headers(p_message.headers, p_headers), p_message.body)
      on conflict do nothing;
    exit when found;
    v_id := null;
  end loop;
end $$;
`;
