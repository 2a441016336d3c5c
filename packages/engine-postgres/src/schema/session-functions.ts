import { forgetSeconds } from './limits.ts';

/** Sessions that are renewed, end and leave something behind. @param s the schema as a quoted identifier */
export const sessionFunctions = (s: string): string => `
-- Deletes what is left of a session that is no longer there, in one partition after the other.
create or replace function ${s}.sweep_session(p_session text) returns void language plpgsql as $$
declare v_partition text; v_entry ${s}.entry; v_revision bigint; v_watched boolean;
begin
  -- In the order of names, so that two sweeps do not wait for each other.
  for v_partition in
    select distinct partition from ${s}.entry where session = p_session order by 1
  loop
    for v_entry in select * from ${s}.entry where partition = v_partition and session = p_session order by created, ordinal loop
      select b.revision, b.watched into v_revision, v_watched from ${s}.begin_change(v_partition) b;
      delete from ${s}.entry e where e.partition = v_partition and e.key = v_entry.key and e.session = p_session
        and e.modified = v_entry.modified;
      if found and v_watched then
        perform ${s}.log_change(v_partition, v_revision, 0, 'delete', v_entry.key, v_entry.value,
          v_entry.created, v_entry.modified, v_entry.session);
      end if;
    end loop;
  end loop;
  delete from ${s}.operation where session = p_session;
end $$;

create or replace function ${s}.end_session(p_session text) returns void language plpgsql as $$
begin
  delete from ${s}.session where id = p_session;
  perform ${s}.sweep_session(p_session);
  perform pg_notify(${s}.channel_of(''), p_session);
end $$;

-- Lets a session live on; false where it is dead. Whoever comes by cleans up behind some that are.
create or replace function ${s}.renew_session(p_session text) returns boolean language plpgsql as $$
begin
  update ${s}.session set deadline = clock_timestamp() + ttl_ms * interval '1 millisecond'
    where id = p_session and deadline > clock_timestamp();
  return found;
end $$;

-- A bounded amount of cleaning: dead sessions with what they left, and partitions that hold nothing any more.
create or replace function ${s}.sweep() returns integer language plpgsql as $$
declare v_session text; v_name text; v_count integer := 0;
begin
  for v_session in
    select id from ${s}.session where deadline <= clock_timestamp() order by deadline limit 20 for update skip locked
  loop
    perform ${s}.end_session(v_session);
    v_count := v_count + 1;
  end loop;
  -- A request that was under way when its session ended.
  for v_session in
    select e.session from ${s}.entry e where e.session is not null
      and not exists (select 1 from ${s}.session s where s.id = e.session) limit 20
  loop
    perform ${s}.sweep_session(v_session);
    v_count := v_count + 1;
  end loop;
  delete from ${s}.operation where ctid in (
    select o.ctid from ${s}.operation o where not exists (select 1 from ${s}.session s where s.id = o.session) limit 100);
  for v_name in
    select p.name from ${s}.partition p
    where p.watched_until < clock_timestamp() and exists (select 1 from ${s}.change c where c.partition = p.name)
    limit 20 for update skip locked
  loop
    update ${s}.partition set unlogged = revision where name = v_name;
    delete from ${s}.change c where c.partition = v_name;
  end loop;
  delete from ${s}.partition where name in (
    select p.name from ${s}.partition p
    where p.revision < ${s}.micros() - ${forgetSeconds}::bigint * 1000000 and p.watched_until < clock_timestamp()
      and not exists (select 1 from ${s}.entry e where e.partition = p.name)
      and not exists (select 1 from ${s}.operation o where o.partition = p.name)
    limit 100 for update skip locked)
    and not exists (select 1 from ${s}.entry e where e.partition = name)
    and not exists (select 1 from ${s}.operation o where o.partition = name);
  return v_count;
end $$;
`;
