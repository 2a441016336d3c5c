/** A process that opens a database of a counter: one that counts to a number in as many transactions, or one that opens it again and again. */
import { openDatabase } from '../src/host/open-database.ts';

const [folder = '', countText = ''] = process.argv.slice(2);
const counter = Buffer.from('counter');
const open = (): ReturnType<typeof openDatabase> => openDatabase({ folder, durability: 'os' });

if (countText === '') {
  for (;;) await open().close();
}

const database = open();
for (let count = 0; count < Number(countText); count++) {
  database.transactionSync(() => {
    const before = Number(database.getBinaryFast(counter)?.toString());
    void database.put(counter, Buffer.from(`${before + 1}`));
  });
}
process.exit();
