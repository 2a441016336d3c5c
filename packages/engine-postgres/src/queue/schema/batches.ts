/** Numbers of leases come in blocks of so many: a lease's number tells that of its batch, which is the one before its first. */
export const blockSize = 1024;

/** The number of the batch of a token. */
export function baseOf(token: string): string {
  return `((${token} - 1) & ~${blockSize - 1}::bigint)`;
}

/** What a message of a batch is, beside what all of the batch have in common. */
export const batchedColumns = [
  'seq',
  'turn',
  'ready_at',
  'put_at',
  'remembered_until',
  'deliveries',
  'attempts',
  'lane',
  'id',
  'headers',
  'body',
] as const;

const unpacked = batchedColumns.filter(name => name !== 'id').join(', ');

/** What is left of a batch `b`: each message `x` at its place `n`. */
export const leftOfBatch =
  'cross join unnest(b.messages) with ordinality x where x.ordinality <> all(b.gone)';

/** Whether such an `x` has one of the numbers or ids asked for. */
export const isAsked = '(x.id = any(p_id) or x.id is null and x.seq = any(p_seq))';

/**
 * Messages that were leased together, as one row, as long as nothing happens to them but that they are acknowledged: they are taken out
 * of their table, where an update would leave each a second time in all of its indexes. Whoever else changes one of them puts it back
 * first, as the leased message that it is; who only looks does so at both tables in one statement. Their ids stay in `queue_memory`
 * for as long.
 *
 * Whoever touches several batches does so in the order of their numbers, and before messages.
 *
 * @param s the schema as a quoted identifier
 */
export const queueBatches = (s: string): string => `
-- Puts messages of batches back: of those tokens, or all. One whose id is taken meanwhile, for which only a lease that was committed
-- after its end leaves room, is told by its number from then on.
create or replace function ${s}.queue_unpack(p_base bigint[], p_token bigint[] default null) returns void
language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off set plan_cache_mode = force_generic_plan as $$
declare v_base bigint; v_places integer[];
begin
  for v_base in select b.base from ${s}.queue_batch b where b.base = any(p_base) order by b.base for update loop
    with back as materialized (
      select b.queue, b.owner, b.leased_until, b.base + x.ordinality as token, x.ordinality::integer as place, b.charge, x.*
      from ${s}.queue_batch b ${leftOfBatch} and b.base = v_base and (p_token is null or b.base + x.ordinality = any(p_token))
    ), named as (
      insert into ${s}.queue_message (queue, owner, leased_until, check_at, token, state, id, ${unpacked})
        select r.queue, r.owner, r.leased_until, r.leased_until, r.token, 1, r.id, ${back('r')} from back r order by r.id
      on conflict (queue, id) where id is not null do nothing returning seq
    ), told as (
      insert into ${s}.queue_message (queue, owner, leased_until, check_at, token, state, ${unpacked})
        select r.queue, r.owner, r.leased_until, r.leased_until, r.token, 1, ${back('r')} from back r
        where r.seq <> all(array(select named.seq from named))
    )
    select array_agg(r.place) into v_places from back r;
    update ${s}.queue_batch b set gone = b.gone || v_places where b.base = v_base and v_places is not null;
    delete from ${s}.queue_batch b where b.base = v_base and cardinality(b.gone) = b.count;
  end loop;
end $$;

-- Those of the leases with these tokens.
create or replace function ${s}.queue_unpack_leases(p_token bigint[]) returns void language plpgsql as $$
declare v_bases bigint[] := array(select distinct ${baseOf('t')} from unnest(p_token) t);
begin
  if exists (select from ${s}.queue_batch b where b.base = any(v_bases)) then perform ${s}.queue_unpack(v_bases, p_token); end if;
end $$;

-- Those of a queue with these numbers or ids, or all.
create or replace function ${s}.queue_unpack_queue(p_queue text, p_seq bigint[] default null, p_id text[] default null) returns void
language plpgsql as $$
begin
  if not exists (select from ${s}.queue_batch b where b.queue = p_queue) then return; end if;
  if coalesce(p_id[1], p_seq[1]::text) is null then
    perform ${s}.queue_unpack(array(select b.base from ${s}.queue_batch b where b.queue = p_queue));
  else
    perform ${s}.queue_unpack_leases(array(select b.base + x.ordinality from ${s}.queue_batch b ${leftOfBatch}
      and b.queue = p_queue and ${isAsked}));
  end if;
end $$;
`;

/** The end of nearly all batches. @param s the schema as a quoted identifier */
export const queueBatchEnds = (s: string): string => `
-- Acknowledges leases that are in batches; says whose.
create or replace function ${s}.queue_acknowledge_batched(p_queue text[], p_token bigint[]) returns bigint[]
language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off set plan_cache_mode = force_generic_plan as $$
declare v_bases bigint[]; v_done bigint[]; v_count bigint; v_min bigint; v_max bigint;
begin
  select count(distinct t), min(t), max(t), array_agg(distinct ${baseOf('t')}) into v_count, v_min, v_max, v_bases from unnest(p_token) t;
  if not exists (select from ${s}.queue_batch b where b.base = any(v_bases)) then return null; end if;
  -- Nearly always it is all of one batch.
  if v_count = cardinality(p_token) and v_max - v_min = v_count - 1 and v_min = ${baseOf('v_min')} + 1 and p_queue[1] = all(p_queue) then
    delete from ${s}.queue_batch b where b.base = v_min - 1 and b.queue = p_queue[1] and b.gone = '{}' and b.count = v_count;
    if found then return array(select generate_series(1, v_count)); end if;
  end if;
  perform 1 from ${s}.queue_batch b where b.base = any(v_bases) order by b.base for update;
  if not found then return null; end if;
  with asked as (
    select u.queue, ${baseOf('u.token')} as base, array_agg((u.token - ${baseOf('u.token')})::integer) as places, array_agg(u.n) as ns
    from unnest(p_queue, p_token) with ordinality u(queue, token, n) where u.token > 0 group by 1, 2
  ), found as materialized (
    select b.base, b.count - cardinality(b.gone) as left, a.ns,
      array(select min(p.n) from unnest(a.places) with ordinality p(place, n)
        where p.place <= b.count and p.place <> all(b.gone) group by p.place) as at, a.places
    from asked a join ${s}.queue_batch b on b.base = a.base and b.queue = a.queue
  ), over as (
    delete from ${s}.queue_batch b using found f where b.base = f.base and cardinality(f.at) = f.left
  ), fewer as (
    update ${s}.queue_batch b set gone = b.gone || array(select f.places[i] from unnest(f.at) i) from found f
      where b.base = f.base and cardinality(f.at) > 0 and cardinality(f.at) < f.left
  )
  select array_agg(f.ns[i]) into v_done from found f cross join unnest(f.at) i;
  return v_done;
end $$;
`;

/** The columns of what is put back: its lease has begun another delivery. */
function back(row: string): string {
  return batchedColumns
    .filter(name => name !== 'id')
    .map(
      name =>
        `${row}.${name}${name === 'deliveries' ? ' + 1' : name === 'attempts' ? ` + ${row}.charge` : ''}`,
    )
    .join(', ');
}
