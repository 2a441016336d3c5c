import { leftOfBatch } from './batches.ts';

/** The columns in which messages come, in order, with their types; each may be null for the default everywhere. */
export const putColumns = {
  at: 'integer[]',
  length: 'integer[]',
  id: 'text[]',
  remember: 'bigint[]',
  headers: 'text[]',
  lane: 'smallint[]',
  key: 'text[]',
  active: 'integer[]',
  ready: 'bigint[]',
  delay: 'bigint[]',
} as const;

const names = Object.keys(putColumns);

/** The same as parameters of a function; `p_queue` and `p_body`, where the bodies stand one behind the other, come first. */
export const putParameters: string = [
  'p_put_queue text[], p_body bytea',
  ...Object.entries(putColumns).map(([name, type]) => `p_put_${name} ${type}`),
].join(', ');

/** The most messages of one call: their numbers come from one block of the sequence. */
export const putMax = 1000;

/** A slice of them as arguments of a call within a function that has them. */
export function putArguments(slice: string): string {
  return [`p_put_queue[${slice}], p_body`, ...names.map(name => `p_put_${name}[${slice}]`)].join(', ');
}

const rows = `unnest(p_put_queue, ${names.map(name => `p_put_${name}`).join(', ')}) with ordinality u(queue, ${names.join(', ')}, n)`;

const idRows = 'unnest(p_put_queue, p_put_id) with ordinality u(queue, id, n)';

const columns =
  'queue, seq, turn, ready_at, put_at, remembered_until, lane, state, id, key, key_active_max, headers, body';

const values = `u.queue, base + u.n, base + u.n, greatest(coalesce(u.ready, v_now + coalesce(u.delay, 0)), v_now), v_now,
      case when u.id is not null and u.remember > 0 then v_now + u.remember end,
      coalesce(u.lane, 0), case when u.key is null then 0 else 2 end, u.id, u.key, u.active, u.headers,
      substring(p_body from u.at + 1 for u.length)`;

/**
 * Messages on their way in, {@link putMax} at most. They are numbered from `base` + 1 in their order; `duplicates` are the places of those that are there, or
 * remembered, already.
 *
 * @param s the schema as a quoted identifier
 */
export const queuePut = (s: string): string => `
-- Those of p_chosen, or all; p_joined in a transaction of somebody else's.
create or replace function ${s}.queue_put(
  ${putParameters}, p_chosen integer[], p_joined boolean, out base bigint, out duplicates integer[]
) language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off set plan_cache_mode = force_generic_plan as $$
declare v_now bigint := ${s}.queue_now(); v_are_new boolean := false; v_put bigint[]; v_late bigint[]; v_queues text[]; v_keys text[];
  v_sees_late boolean := current_setting('transaction_isolation') in ('read committed', 'read uncommitted');
begin
  base := nextval('${s.replaceAll("'", "''")}.queue_number');
  if p_put_id is null then
    insert into ${s}.queue_message (${columns})
      select ${values} from ${rows} where p_chosen is null or u.n = any(p_chosen);
    v_are_new := true;
  elsif not p_joined and p_put_remember is not null and not exists (
    select from unnest(p_put_queue, p_put_id, p_put_remember) u(queue, id, remember)
      left join ${s}.queue_memory r on r.queue = u.queue and r.id = u.id
      where u.id is not null and (coalesce(u.remember, 0) <= 0 or r.until is not null)
  ) then
    ${putNew(s)}
  end if;
  if not v_are_new then
    -- In one order of ids for all, so that nobody waits for whom it keeps waiting.
    with put as (
      insert into ${s}.queue_message (${columns})
        select ${values} from (
          select u.*, row_number() over (partition by u.queue, u.id order by u.n) as time from ${rows}
          where p_chosen is null or u.n = any(p_chosen)) u
        where u.id is null or u.time = 1 and not exists (
          select from ${s}.queue_memory r where r.queue = u.queue and r.id = u.id and (r.until > v_now or exists (${endedOf(s)})))
        order by u.queue, u.id, u.n
      on conflict (queue, id) where id is not null do nothing
      returning seq - base as n
    )
    select array_agg(put.n) into v_put from put;
    v_put := coalesce(v_put, '{}');
    -- Another's message of the id may have come, been remembered, and gone, between the look above and the end of its transaction.
    select array_agg(u.n) into v_late from ${idRows} join ${s}.queue_memory r on r.queue = u.queue and r.id = u.id
      where u.n = any(v_put) and r.until > v_now;
    if v_late is not null then
      delete from ${s}.queue_message m using unnest(p_put_queue) with ordinality u(queue, n)
        where m.queue = u.queue and m.seq = base + u.n and u.n = any(v_late);
      v_put := array(select unnest(v_put) except select unnest(v_late));
    end if;
    -- A transaction that cannot see what was remembered since it began fails here, where it meets it.
    if p_put_remember is not null or not v_sees_late then
      insert into ${s}.queue_memory as r (queue, id, until)
        select u.queue, u.id, v_now + coalesce(u.remember, 0) from unnest(p_put_queue, p_put_id, p_put_remember) with ordinality u(queue, id, remember, n)
        where u.n = any(v_put) and u.id is not null and (u.remember > 0 or not v_sees_late) order by u.queue, u.id
      on conflict (queue, id) do update set until = excluded.until;
    end if;
    if cardinality(v_put) < coalesce(cardinality(p_chosen), cardinality(p_put_queue)) then
      select array_agg(n) into duplicates from generate_subscripts(p_put_queue, 1) n
        where n <> all(v_put) and (p_chosen is null or n = any(p_chosen));
    end if;
  end if;
  if p_put_key is not null then
    select array_agg(u.queue), array_agg(u.key) into v_queues, v_keys
      from unnest(p_put_queue, p_put_key) with ordinality u(queue, key, n)
      where u.key is not null and (p_chosen is null or u.n = any(p_chosen)) and (v_put is null or u.n = any(v_put));
    if p_joined then
      insert into ${s}.queue_arrival select distinct u.queue, u.key from unnest(v_queues, v_keys) u(queue, key);
    else
      perform ${s}.queue_lock_keys(v_queues, v_keys);
      perform ${s}.queue_let_out(v_queues, v_keys);
    end if;
  end if;
  perform ${s}.queue_tell(p_put_queue, p_joined);
end $$;
`;

/**
 * What is in a batch under the id of a message `u`, which is remembered by `r`: at least until the lease ends, and until the message is put
 * back then, as `queueSweep` has it.
 */
function endedOf(s: string): string {
  return `select from ${s}.queue_batch b ${leftOfBatch} and b.queue = u.queue and b.leased_until <= r.until and x.id = u.id`;
}

/** Puts messages whose ids are remembered, for as long as none was there: nearly always. */
function putNew(s: string): string {
  return `-- Nearly always no id was ever there: what is remembered can be neither late nor a duplicate where both tables take it.
    begin
      insert into ${s}.queue_message (${columns})
        select ${values} from ${rows} where p_chosen is null or u.n = any(p_chosen) order by u.queue, u.id;
      insert into ${s}.queue_memory (queue, id, until)
        select u.queue, u.id, v_now + u.remember from unnest(p_put_queue, p_put_id, p_put_remember) with ordinality u(queue, id, remember, n)
        where u.id is not null and (p_chosen is null or u.n = any(p_chosen)) order by u.queue, u.id;
      v_are_new := true;
    exception when unique_violation then
      -- Both are undone, and each is looked at by itself.
    end;`;
}
