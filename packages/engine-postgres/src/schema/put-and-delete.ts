import { outOf, recordColumns } from '../record.ts';
import { lockPartition, mutationVariables, readOperation, remember } from './mutation.ts';

/** Writing one entry under a condition. @param s the schema as a quoted identifier */
export const put = (s: string): string => `
create or replace function ${s}.put_entry(
  p_partition text, p_key text, p_value bytea, p_condition text, p_wanted bigint, p_session text,
  p_op_session text, p_op_sequence bigint,
  ${outOf(recordColumns.put)}
) language plpgsql as $$
declare v_entry ${s}.entry; ${mutationVariables}
begin
  ${lockPartition(s)}
  ${readOperation(s, ['revision', 'created'])}
  if v_last = p_op_sequence then
    perform ${s}.undo_change(p_partition, v_revision);
    applied := true; revision := v_old_revision; created := v_old_created; modified := v_old_revision; session := p_session;
    return;
  end if;
  if p_session is distinct from p_op_session then perform ${s}.check_session(p_session); end if;
  select * into v_entry from ${s}.entry e where e.partition = p_partition and e.key = p_key;
  applied := ${s}.holds(p_condition, p_wanted, v_entry);
  if not applied then
    revision := ${s}.undo_change(p_partition, v_revision);
    value := v_entry.value; created := v_entry.created; modified := v_entry.modified; session := v_entry.session;
    return;
  end if;
  created := ${s}.write_entry(p_partition, v_revision, 0, v_watched, p_key, p_value, p_session);
  revision := v_revision; modified := v_revision; session := p_session;
  ${remember(s, { key: 'p_key', created: 'put_entry.created' })}
end $$;
`;

/** Deleting one entry under a condition. @param s the schema as a quoted identifier */
export const deletion = (s: string): string => `
create or replace function ${s}.delete_entry(
  p_partition text, p_key text, p_condition text, p_wanted bigint, p_op_session text, p_op_sequence bigint,
  ${outOf(recordColumns.delete)}
) language plpgsql as $$
declare ${mutationVariables}
begin
  ${lockPartition(s, 'following')}
  ${readOperation(s, ['revision', 'value', 'created', 'modified', 'holder'])}
  if v_last = p_op_sequence then
    perform ${s}.undo_change(p_partition, v_revision);
    applied := true; revision := v_old_revision;
    value := v_old_value; created := v_old_created; modified := v_old_modified; session := v_old_holder;
    return;
  end if;
  delete from ${s}.entry e where e.partition = p_partition and e.key = p_key
    and case p_condition when 'modified' then e.modified = p_wanted else e.created = p_wanted end
    returning e.value, e.created, e.modified, e.session into value, created, modified, session;
  applied := found;
  if not applied then
    revision := ${s}.undo_change(p_partition, v_revision);
    select e.value, e.created, e.modified, e.session into value, created, modified, session
      from ${s}.entry e where e.partition = p_partition and e.key = p_key;
    return;
  end if;
  revision := v_revision;
  if not v_unlogged then
    insert into ${s}.change values (p_partition, v_revision, 0, 'delete', p_key, value, created, modified, session);
  end if;
  if v_watched then perform ${s}.tell_change(p_partition, p_key); end if;
  ${remember(s, {
    key: 'p_key',
    value: 'delete_entry.value',
    created: 'delete_entry.created',
    modified: 'delete_entry.modified',
    holder: 'delete_entry.session',
  })}
end $$;
`;
