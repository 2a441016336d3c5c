/** How much is done in one transaction. */
const stepMax = 1000;

/** The most batches of leases that end in one transaction. */
const batchesMax = 10;

/** Cleaning up, in small transactions. @param s the schema as a quoted identifier */
export const queueSweep = (s: string): string => `
-- What has had its time; says whether there may be more.
create or replace function ${s}.queue_sweep() returns boolean language plpgsql as $$
declare v_now bigint := ${s}.queue_now(); v_count integer; v_more boolean := false; v_queue text; v_bases bigint[];
begin
  -- Batches, then the locks of keys, as everybody; what is deleted then is passed over where it is locked. So nobody waits in a ring.
  v_bases := array(select b.base from ${s}.queue_batch b where b.leased_until <= v_now order by b.base limit ${batchesMax} for update);
  perform ${s}.queue_unpack(v_bases);
  select a.queue into v_queue from ${s}.queue_arrival a limit 1;
  if v_queue is not null and ${s}.queue_link(v_queue) then
    perform ${s}.queue_tell(array[v_queue]);
    v_more := true;
  end if;
  -- No id is forgotten before the message that was leased with others has a row of its own again, beside which no other has its id.
  if cardinality(v_bases) = ${batchesMax} then
    v_more := true;
  else
    delete from ${s}.queue_memory where ctid = any(array(
      select r.ctid from ${s}.queue_memory r where r.until <= v_now order by r.until limit ${stepMax} for update skip locked));
    get diagnostics v_count = row_count;
    v_more := v_more or v_count = ${stepMax};
  end if;
  delete from ${s}.queue_state where ctid = any(array(
    select r.ctid from ${s}.queue_state r where r.expires_at <= v_now order by r.expires_at limit ${stepMax} for update skip locked));
  get diagnostics v_count = row_count;
  v_more := v_more or v_count = ${stepMax};
  delete from ${s}.queue_watch where ctid = any(array(
    select w.ctid from ${s}.queue_watch w where greatest(w.queues_until, w.state_until) < clock_timestamp() - interval '1 hour'
    limit ${stepMax} for update skip locked));
  return v_more;
end $$;
`;
