import { outOf, recordColumns } from '../record.ts';
import { lockPartition, mutationVariables, readOperation, remember } from './mutation.ts';

/** Adding to a number. @param s the schema as a quoted identifier */
export const add = (s: string): string => `
create or replace function ${s}.add_number(
  p_partition text, p_key text, p_delta numeric, p_op_session text, p_op_sequence bigint, ${outOf(recordColumns.add)}
) language plpgsql as $$
declare v_entry ${s}.entry; v_text text := '0'; v_sum numeric; ${mutationVariables}
begin
  ${lockPartition(s)}
  ${readOperation(s, ['revision', 'value'])}
  if v_last = p_op_sequence then
    perform ${s}.undo_change(p_partition, v_revision);
    value := convert_from(v_old_value, 'UTF8'); revision := v_old_revision;
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
  value := v_sum::text; revision := v_revision;
  perform ${s}.write_entry(p_partition, v_revision, 0, v_watched, p_key, convert_to(value, 'UTF8'), v_entry.session);
  ${remember(s, { key: 'p_key', value: "convert_to(add_number.value, 'UTF8')" })}
end $$;
`;
