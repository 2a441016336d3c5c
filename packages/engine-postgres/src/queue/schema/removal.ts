import { isAsked, leftOfBatch } from './batches.ts';

/**
 * Taking messages out, whatever their state. What is looked for names its queue row by row, so that each is looked up: with the queue as
 * a constant a plan for an empty table would read all of the queue for each.
 *
 * One that is leased between the looks at batches and at messages is found by neither. Batches are locked before messages, so it is
 * left to another transaction.
 *
 * @param s the schema as a quoted identifier
 */
export const queueRemoval = (s: string): string => `
-- Takes messages out, whoever holds them; says which.
create or replace function ${s}.queue_remove(p_queue text, p_seq bigint[], p_id text[]) returns bigint[]
language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off set plan_cache_mode = force_generic_plan as $$
declare v_seqs bigint[]; v_places bigint[]; v_queues text[]; v_keys text[]; v_firsts boolean[]; v_done bigint[];
  v_asked text[] := array_fill(p_queue, array[cardinality(p_id)]);
begin
  perform ${s}.queue_unpack_queue(p_queue, p_seq, p_id);
  select array_agg(f.seq), array_agg(f.n), array_agg(p_queue), array_agg(f.key), array_agg(f.key is null)
    into v_seqs, v_places, v_queues, v_keys, v_firsts from (
    select u.n, m.seq, m.key, m.id from unnest(v_asked, p_seq) with ordinality u(queue, seq, n)
      join ${s}.queue_message m on m.queue = u.queue and m.seq = u.seq and m.id is null
    union all
    select u.n, m.seq, m.key, m.id from unnest(v_asked, p_id) with ordinality u(queue, id, n) join ${s}.queue_message m on m.queue = u.queue and m.id = u.id
    order by 4 nulls first, 2) f;
  perform 1 from unnest(v_queues, v_seqs, v_firsts) o(queue, seq, is_first) join ${s}.queue_message m on m.queue = o.queue and m.seq = o.seq
    where o.is_first for update of m;
  perform ${s}.queue_lock_keys(v_queues, v_keys);
  with gone as (
    delete from ${s}.queue_message m using unnest(v_queues, v_seqs, v_places) u(queue, seq, n)
      where m.queue = u.queue and m.seq = u.seq returning u.n
  )
  select array_agg(gone.n) into v_done from gone;
  if coalesce(cardinality(v_done), 0) < cardinality(p_id) and (
    exists (select from ${s}.queue_batch b ${leftOfBatch} and b.queue = p_queue and ${isAsked})
    or exists (select from unnest(v_asked, p_id) u(queue, id) join ${s}.queue_message m on m.queue = u.queue and m.id = u.id)
    or exists (select from unnest(v_asked, p_seq) u(queue, seq) join ${s}.queue_message m on m.queue = u.queue and m.seq = u.seq and m.id is null)
  ) then
    raise exception 'A message was leased while it was looked for' using errcode = 'serialization_failure';
  end if;
  perform ${s}.queue_let_out(v_queues, v_keys);
  perform ${s}.queue_tell(v_queues);
  return v_done;
end $$;

-- Takes all out that is there; of a key whose lock it holds, so that there is nothing left to be let out. Says up to which number all
-- are to be taken out, in another call, where some may be left that were there before the first.
create or replace function ${s}.queue_purge(p_queue text, p_last bigint, out count bigint, out last bigint)
language plpgsql set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off
  set plan_cache_mode = force_generic_plan as $$
declare v_count bigint; v_last bigint := coalesce(p_last, nextval('${s.replaceAll("'", "''")}.queue_number')); v_queues text[]; v_keys text[];
begin
  perform ${s}.queue_unpack_queue(p_queue);
  delete from ${s}.queue_message m where m.queue = p_queue and m.key is null and m.id is null;
  get diagnostics count = row_count;
  -- What is deleted is found in whichever order the plan likes; what is locked before in the order of all.
  perform 1 from ${s}.queue_message m where m.queue = p_queue and m.key is null and m.id is not null order by m.id for update;
  delete from ${s}.queue_message m where m.queue = p_queue and m.key is null and m.id is not null;
  get diagnostics v_count = row_count;
  count := count + v_count;
  select array_agg(p_queue), array_agg(k.key) into v_queues, v_keys from (
    select distinct m.key from ${s}.queue_message m where m.queue = p_queue and m.key is not null) k;
  perform ${s}.queue_lock_keys(v_queues, v_keys);
  perform 1 from unnest(v_queues, v_keys) u(queue, key) join ${s}.queue_message m on m.queue = u.queue and m.key = u.key
    order by m.id nulls first, m.seq for update of m;
  delete from ${s}.queue_message m using unnest(v_queues, v_keys) u(queue, key) where m.queue = u.queue and m.key = u.key;
  get diagnostics v_count = row_count;
  count := count + v_count;
  if exists (select from ${s}.queue_message m where m.queue = p_queue and m.seq <= v_last)
    or exists (select from ${s}.queue_batch b ${leftOfBatch} and b.queue = p_queue and x.seq <= v_last) then last := v_last; end if;
end $$;
`;
