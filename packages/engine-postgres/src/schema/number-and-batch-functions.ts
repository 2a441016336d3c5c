/** Adding to a number, and several writes at once. @param s the schema as a quoted identifier */
export const numberAndBatchFunctions = (s: string): string => `
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

create or replace function ${s}.batch_write(
  p_partition text, p_conditions jsonb, p_writes jsonb, p_op_session text, p_op_sequence bigint,
  out applied boolean, out revision bigint, out key text,
  out value bytea, out created bigint, out modified bigint, out session text
) language plpgsql as $$
declare v_old ${s}.operation; v_entry ${s}.entry; v_watched boolean; v_item jsonb; v_ordinal integer := 0;
begin
  perform ${s}.check_session(p_op_session);
  perform ${s}.check_session(w ->> 'session') from jsonb_array_elements(p_writes) w;
  select b.revision, b.watched into revision, v_watched from ${s}.begin_change(p_partition) b;
  applied := true;
  v_old := ${s}.find_operation(p_partition, p_op_session, p_op_sequence);
  if v_old.session is not null then
    perform ${s}.undo_change(p_partition, revision);
    revision := v_old.revision;
    return;
  end if;
  if jsonb_array_length(p_writes) = 0 then revision := ${s}.undo_change(p_partition, revision); end if;
  for v_item in select * from jsonb_array_elements(p_conditions) loop
    select * into v_entry from ${s}.entry e where e.partition = p_partition and e.key = v_item ->> 'key';
    if not ${s}.holds(v_item ->> 'condition', (v_item ->> 'wanted')::bigint, v_entry) then
      applied := false; key := v_item ->> 'key';
      revision := ${s}.undo_change(p_partition, revision);
      value := v_entry.value; created := v_entry.created; modified := v_entry.modified; session := v_entry.session;
      return;
    end if;
  end loop;
  for v_item in select * from jsonb_array_elements(p_writes) loop
    if v_item ->> 'type' = 'put' then
      perform ${s}.write_entry(
        p_partition, revision, v_ordinal, v_watched, v_item ->> 'key', decode(v_item ->> 'value', 'base64'), v_item ->> 'session'
      );
    else
      perform ${s}.remove_entry(p_partition, revision, v_ordinal, v_watched, v_item ->> 'key', null, null);
    end if;
    v_ordinal := v_ordinal + 1;
  end loop;
  perform ${s}.remember(p_partition, p_op_session, p_op_sequence, revision);
end $$;
`;
