import { clearMax } from './limits.ts';

/** Sessions that are renewed, end and are cleared up behind. @param s the schema as a quoted identifier */
export const sessionFunctions = (s: string): string => `
-- Deletes some of a dead session's entries in a partition, each by a revision of its own.
create or replace function ${s}.clear_partition(p_partition text, p_session text) returns void language plpgsql as $$
declare v_entry ${s}.entry; v_revision bigint; v_watched boolean;
begin
  select b.revision, b.watched into v_revision, v_watched from ${s}.begin_change(p_partition) b;
  for v_entry in
    select * from ${s}.entry where partition = p_partition and session = p_session order by created, ordinal limit ${clearMax}
  loop
    perform ${s}.remove_entry(p_partition, v_revision, 0, v_watched, v_entry.key);
    v_revision := v_revision + 1;
  end loop;
  update ${s}.partition set revision = greatest(revision, v_revision - 1) where name = p_partition;
end $$;

-- Ends a session for good, also where the clock is set back afterwards, and deletes some of what it leaves; says whether there is more.
-- One partition in a transaction, after the session: nobody who holds a partition waits for a session or for another partition.
create or replace function ${s}.end_session(p_session text) returns boolean language plpgsql as $$
declare v_partition text;
begin
  update ${s}.session set deadline = '-infinity' where id = p_session and deadline > '-infinity';
  if found then perform ${s}.tell_change('', p_session); end if;
  select partition into v_partition from ${s}.entry where session = p_session limit 1;
  if found then perform ${s}.clear_partition(v_partition, p_session); end if;
  if exists (select from ${s}.entry where session = p_session) then return true; end if;
  delete from ${s}.operation where session = p_session;
  delete from ${s}.session where id = p_session;
  return false;
end $$;

-- Lets a session live on; false where it is dead.
create or replace function ${s}.renew_session(p_session text) returns boolean language plpgsql as $$
begin
  update ${s}.session set deadline = clock_timestamp() + ttl_ms * interval '1 millisecond'
    where id = p_session and deadline > clock_timestamp();
  return found;
end $$;

-- How long a session has left to live, ms; 0 where it is dead, and then it stays so whatever the clock does; nothing where it is gone.
create or replace function ${s}.session_left(p_session text) returns double precision language plpgsql as $$
declare v_deadline timestamptz; v_now timestamptz;
begin
  loop
    select deadline into v_deadline from ${s}.session where id = p_session;
    v_now := clock_timestamp();
    if v_deadline > v_now then return extract(epoch from v_deadline - v_now) * 1000; end if;
    if v_deadline is null then return null; end if;
    exit when v_deadline = '-infinity';
    -- Renewed in the last moment, it is not dead: look again.
    update ${s}.session set deadline = '-infinity' where id = p_session and deadline = v_deadline;
    if found then perform ${s}.tell_change('', p_session); end if;
  end loop;
  return 0;
end $$;
`;
