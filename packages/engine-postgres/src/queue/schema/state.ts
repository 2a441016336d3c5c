import { answerBytesMax } from './answer-bytes.ts';

const record = 'r.key, r.value, r.version, r.expires_at';
const isThere = '(r.expires_at is null or r.expires_at > v_now)';

/** State records. @param s the schema as a quoted identifier */
export const queueState = (s: string): string => `
-- Writes a record or, where the value is null, deletes it, if it has the version; what stands there instead comes back.
create or replace function ${s}.queue_write(
  p_key text, p_value bytea, p_wanted bigint, p_expires bigint,
  out applied boolean, out version bigint, out value bytea, out expires_at bigint
) language plpgsql as $$
#variable_conflict use_column
declare v_now bigint := ${s}.queue_now(); v_is_there boolean; v_record ${s}.queue_state; v_current bigint;
begin
  loop
    select * into v_record from ${s}.queue_state r where r.key = p_key for update;
    v_is_there := found;
    v_current := case when v_is_there and coalesce(v_record.expires_at > v_now, true) then v_record.version else 0 end;
    applied := p_wanted is null or p_wanted = v_current;
    if not applied then
      if v_current > 0 then
        version := v_current; value := v_record.value; expires_at := v_record.expires_at;
      end if;
      return;
    end if;
    if p_value is null then
      version := 0;
      if v_is_there then delete from ${s}.queue_state r where r.key = p_key; end if;
      exit;
    end if;
    version := nextval('${s.replaceAll("'", "''")}.queue_state_number');
    if v_is_there then
      update ${s}.queue_state r set value = p_value, version = queue_write.version, expires_at = p_expires where r.key = p_key;
      exit;
    end if;
    insert into ${s}.queue_state (key, value, version, expires_at) values (p_key, p_value, queue_write.version, p_expires)
      on conflict do nothing;
    exit when found;
    -- Somebody has written just this record.
  end loop;
  perform ${s}.queue_tell_state(p_key);
end $$;

create or replace function ${s}.queue_must_write(p_key text, p_value bytea, p_wanted bigint, p_expires bigint) returns void
language plpgsql as $$
begin
  if not (select w.applied from ${s}.queue_write(p_key, p_value, p_wanted, p_expires) w) then
    raise exception 'another version' using errcode = 'QU010';
  end if;
end $$;

-- A page of records within bounds, and one beside, from the first after another on; "more" where it ends before its limit because it is
-- large enough.
create or replace function ${s}.queue_scan(p_exact text, p_from text, p_to text, p_after text, p_limit integer)
returns table (key text, value bytea, version bigint, expires_at bigint, more boolean)
language plpgsql set enable_seqscan = off set enable_bitmapscan = off set jit = off set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare v_now bigint := ${s}.queue_now(); v_bytes bigint := 0;
begin
  for key, value, version, expires_at in
    select * from (
      (select ${record} from ${s}.queue_state r where r.key = p_exact and p_after is null and ${isThere})
      union all
      (select ${record} from ${s}.queue_state r
        where r.key >= p_from and r.key <= p_to and (p_after is null or r.key > p_after) and ${isThere} order by r.key limit p_limit)
    ) found order by found.key limit p_limit
  loop
    v_bytes := v_bytes + octet_length(value);
    more := v_bytes >= ${answerBytesMax};
    return next;
    exit when more;
  end loop;
end $$;
`;
