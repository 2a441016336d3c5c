/** Entries, each change with its place in the log of changes. @param s the schema as a quoted identifier */
export const entryFunctions = (s: string): string => `
create or replace function ${s}.holds(p_condition text, p_wanted bigint, p_entry ${s}.entry) returns boolean language sql immutable as $$
  select case p_condition
    when 'absent' then p_entry.key is null
    when 'modified' then coalesce(p_entry.modified = p_wanted, false)
    else coalesce(p_entry.created = p_wanted, false)
  end $$;

-- Writes an entry, with the change; an entry that is there keeps its place in the order.
create or replace function ${s}.write_entry(
  p_partition text, p_revision bigint, p_ordinal integer, p_watched boolean, p_key text, p_value bytea, p_session text
) returns bigint language plpgsql as $$
declare v_created bigint;
begin
  with e as (
    insert into ${s}.entry as e values (p_partition, p_key, p_value, p_revision, p_ordinal, p_revision, p_session)
    on conflict (partition, key) do update set value = excluded.value, modified = excluded.modified, session = excluded.session
    returning e.created
  ), c as (
    insert into ${s}.change
      select p_partition, p_revision, p_ordinal, 'put', p_key, p_value, e.created, p_revision, p_session from e
  )
  select e.created into v_created from e;
  if p_watched then perform ${s}.tell_change(p_partition, p_key); end if;
  return v_created;
end $$;

-- Deletes an entry, where it is there, with the change.
create or replace function ${s}.remove_entry(
  p_partition text, p_revision bigint, p_ordinal integer, p_watched boolean, p_key text
) returns void language plpgsql as $$
begin
  with e as (
    delete from ${s}.entry e where e.partition = p_partition and e.key = p_key returning e.*
  )
  insert into ${s}.change
    select p_partition, p_revision, p_ordinal, 'delete', p_key, e.value, e.created, e.modified, e.session from e;
  if found and p_watched then perform ${s}.tell_change(p_partition, p_key); end if;
end $$;
`;
