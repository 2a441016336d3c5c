import { answerParent } from '../lock/answer-parent.ts';
import { type HangTask, openQueues, startHandler } from './recovery.ts';

/** A process that begins to handle a job, says so, and goes on with it until it is killed. */
answerParent(hang);

async function hang(task: HangTask): Promise<string> {
  const { queues } = await openQueues(task);
  const begun = Promise.withResolvers<void>();
  startHandler(queues, task, () => {
    begun.resolve();
    return new Promise(() => {});
  });
  await begun.promise;
  return 'handling';
}
