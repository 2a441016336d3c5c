/** Adding to a number. @param s the schema as a quoted identifier */
export const add = (s: string): string => `
create or replace function ${s}.add_number(
  p_partition text, p_key text, p_delta numeric, p_op_session text, p_op_sequence bigint, out value text, out revision bigint
) language plpgsql as $$
declare v_old ${s}.operation; v_entry ${s}.entry; v_watched boolean; v_text text := '0'; v_sum numeric;
begin
  perform ${s}.check_session(p_op_session);
  select b.revision, b.watched into revision, v_watched from ${s}.begin_change(p_partition) b;
  v_old := ${s}.find_operation(p_partition, p_op_session, p_op_sequence);
  if v_old.session is not null then
    perform ${s}.undo_change(p_partition, revision);
    value := convert_from(v_old.value, 'UTF8'); revision := v_old.revision;
    return;
  end if;
  select * into v_entry from ${s}.entry e where e.partition = p_partition and e.key = p_key;
  if v_entry.key is not null then
    -- Bytes, not text: what is no UTF-8 is no number either.
    v_text := encode(v_entry.value, 'escape');
    if v_text !~ '^-?[0-9]{1,19}$' then
      raise exception 'not a number' using errcode = 'QU003', detail = left(v_text, 100);
    end if;
  end if;
  v_sum := v_text::numeric + p_delta;
  if v_sum not between -9223372036854775808 and 9223372036854775807 then
    raise exception 'too large' using errcode = 'QU004';
  end if;
  value := v_sum::text;
  perform ${s}.write_entry(p_partition, revision, 0, v_watched, p_key, convert_to(value, 'UTF8'), v_entry.session);
  perform ${s}.remember(p_partition, p_op_session, p_op_sequence, revision, p_key, convert_to(value, 'UTF8'));
end $$;
`;
