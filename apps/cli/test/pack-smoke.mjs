// Run by the pack check on Node 22, 24 and 26, against the packed package in a project of its own.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';

writeFileSync('nodes.json', JSON.stringify(['a', 'b', 'c']));
const command = 'node_modules/@quorate/cli/dist/main.js';
const quorate = (...words) => execFileSync(process.execPath, [command, ...words], { encoding: 'utf8' });

assert.match(quorate('explain', 'DEADLINE_EXCEEDED'), /DEADLINE_EXCEEDED/);
const located = quorate('ring', 'locate', '--nodes', 'nodes.json', '--json', 'user:42');
assert.match(located, /"[abc]"/);
