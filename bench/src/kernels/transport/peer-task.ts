/** What a peer does with what it hears: sends it back, or answers once for so many messages. */
export type PeerTask = { readonly type: 'echo' } | { readonly type: 'count'; readonly messages: number };

/** Does a peer's task. What it answers to a number of messages is a digest of them, in four bytes. */
export function performing(
  task: PeerTask,
  answer: (message: Uint8Array) => void,
): (message: Uint8Array) => void {
  if (task.type === 'echo') return answer;
  const digest = Buffer.alloc(4);
  let [heard, sum] = [0, 0];
  return message => {
    sum = (Math.imul(sum, 31) + (message[0] as number)) | 0;
    if (++heard < task.messages) return;
    digest.writeInt32LE(sum);
    heard = sum = 0;
    answer(digest);
  };
}
