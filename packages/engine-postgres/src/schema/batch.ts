import { outOf, recordColumns } from '../record.ts';
import { lockPartition, mutationVariables, readOperation, remember } from './mutation.ts';

/** Several writes at once. @param s the schema as a quoted identifier */
export const batch = (s: string): string => `
create or replace function ${s}.batch_write(
  p_partition text, p_conditions jsonb, p_writes jsonb, p_op_session text, p_op_sequence bigint,
  ${outOf(recordColumns.batch)}
) language plpgsql as $$
declare v_entry ${s}.entry; v_item jsonb; v_ordinal integer := 0; ${mutationVariables}
begin
  ${lockPartition(s)}
  ${readOperation(s, ['revision'])}
  applied := true; revision := v_revision;
  if v_last = p_op_sequence then
    perform ${s}.undo_change(p_partition, v_revision);
    revision := v_old_revision;
    return;
  end if;
  perform ${s}.check_session(w ->> 'session') from jsonb_array_elements(p_writes) w;
  if jsonb_array_length(p_writes) = 0 then revision := ${s}.undo_change(p_partition, v_revision); end if;
  for v_item in select * from jsonb_array_elements(p_conditions) loop
    select * into v_entry from ${s}.entry e where e.partition = p_partition and e.key = v_item ->> 'key';
    if not ${s}.holds(v_item ->> 'condition', (v_item ->> 'wanted')::bigint, v_entry) then
      applied := false; key := v_item ->> 'key';
      if jsonb_array_length(p_writes) > 0 then revision := ${s}.undo_change(p_partition, v_revision); end if;
      value := v_entry.value; created := v_entry.created; modified := v_entry.modified; session := v_entry.session;
      return;
    end if;
  end loop;
  for v_item in select * from jsonb_array_elements(p_writes) loop
    if v_item ->> 'type' = 'put' then
      perform ${s}.write_entry(
        p_partition, v_revision, v_ordinal, v_watched, v_item ->> 'key', decode(v_item ->> 'value', 'base64'), v_item ->> 'session'
      );
    else
      perform ${s}.remove_entry(p_partition, v_revision, v_ordinal, v_watched, v_item ->> 'key');
    end if;
    v_ordinal := v_ordinal + 1;
  end loop;
  ${remember(s, { revision: 'batch_write.revision' })}
end $$;
`;
