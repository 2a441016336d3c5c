/** Sessions that must live, and operations that are remembered. @param s the schema as a quoted identifier */
export const operationFunctions = (s: string): string => `
create or replace function ${s}.check_session(p_session text) returns void language plpgsql as $$
begin
  if p_session is null then return; end if;
  perform 1 from ${s}.session where id = p_session and deadline > clock_timestamp();
  if not found then raise exception 'session lost' using errcode = 'QU001', detail = p_session; end if;
end $$;

-- What a session's last operation in the partition was, where it is the one that comes again. The partition is locked.
create or replace function ${s}.find_operation(p_partition text, p_session text, p_sequence bigint) returns ${s}.operation language plpgsql as $$
declare v_last ${s}.operation;
begin
  if p_session is null then return null; end if;
  select * into v_last from ${s}.operation where session = p_session and partition = p_partition;
  if not found or v_last.sequence < p_sequence then return null; end if;
  if v_last.sequence > p_sequence then
    raise exception 'superseded' using errcode = 'QU002', detail = v_last.sequence::text;
  end if;
  return v_last;
end $$;

create or replace function ${s}.remember(
  p_partition text, p_session text, p_sequence bigint, p_revision bigint, p_key text default null, p_value bytea default null,
  p_created bigint default null, p_modified bigint default null, p_holder text default null
) returns void language plpgsql as $$
begin
  if p_session is null then return; end if;
  insert into ${s}.operation values (p_partition, p_session, p_sequence, p_revision, p_key, p_value, p_created, p_modified, p_holder)
  on conflict (session, partition) do update set sequence = excluded.sequence, revision = excluded.revision, key = excluded.key,
    value = excluded.value, created = excluded.created, modified = excluded.modified, holder = excluded.holder;
end $$;
`;
