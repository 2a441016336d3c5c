import { describe, expect, test } from 'vitest';
import { parseNodeArgument } from '../src/input/node-argument.ts';
import { parseNodes } from '../src/input/nodes-file.ts';

describe('a nodes file', () => {
  const a = { id: 'a', weight: 1, zone: undefined };

  test.each([
    ['["a", "b"]', [a, { ...a, id: 'b' }]],
    ['[{"id": "a"}, "b"]', [a, { ...a, id: 'b' }]],
    ['[{"zone": "z", "weight": 2.5, "id": "a"}]', [{ id: 'a', weight: 2.5, zone: 'z' }]],
    ['[{"id": "a", "zone": null}]', [a]],
    ['{"a": 1, "b": 0}', [a, { ...a, id: 'b', weight: 0 }]],
    [
      '{"a": {"zone": "z"}, "__proto__": -0}',
      [
        { ...a, zone: 'z' },
        { id: '__proto__', weight: 0, zone: undefined },
      ],
    ],
    ['["\\u00e9\ud83d\ude00"]', [{ ...a, id: 'é😀' }]],
  ])('%s', (text, nodes) => {
    expect(parseNodes(text, 'n.json').nodes).toEqual(nodes);
  });

  test('fields that mean nothing are told, each once', () => {
    const text = '[{"id": "a", "wieght": 2, "host": "x"}, {"id": "b", "host": "y"}]';
    expect(parseNodes(text, 'n.json').ignoredFields).toEqual(['wieght', 'host']);
  });

  test.each([
    ['[\n  "a",\n  "b",\n  "a"\n]', 'n.json:4:3: node "a" is there twice'],
    ['{"a": 1,\n "a": 2}', 'n.json:2:2: node "a" is there twice'],
    ['[{"id": "a"},\n {"id": "a"}]', 'n.json:2:9: node "a" is there twice'],
    ['[{"id": "a", "weight": NaN}]', 'n.json:1:24: NaN is not a JSON value'],
    ['{"a": -1}', 'n.json:1:7: the weight of node "a" must be a finite number of at least 0: found -1'],
    ['{"a": 1e999}', 'n.json:1:7: the weight of node "a" must be a finite number of at least 0: found 1e999'],
    ['{"a": "2"}', 'n.json:1:7: the weight of node "a" must be a finite number of at least 0: found "2"'],
    ['{"a": [1]}', 'must be a finite number of at least 0: found an array'],
    ['[{"id": "a", "weight": null}]', 'n.json:1:24: the weight of node "a" must be a finite number'],
    ['[{"id": "a", "zone": 3}]', 'n.json:1:22: the zone of node "a" must be a string: found 3'],
    ['[{"id": "a", "id": "b"}]', 'n.json:1:14: "id" is given twice'],
    ['["a", {"weight": 2}]', 'n.json:1:7: node 1 has no "id"'],
    ['["a", 3]', "n.json:1:7: a node's id must be a string: found 3"],
    ['["a", ""]', "n.json:1:7: a node's id must not be empty"],
    ['{"": 1}', "n.json:1:2: a node's id must not be empty"],
    ['["\\ud800"]', "n.json:1:2: a node's id must be well-formed Unicode"],
    ['[]', 'n.json:1:1: there is no node in the list'],
    ['{}', 'n.json:1:1: there is no node in the list'],
    ['"a"', 'n.json:1:1: nodes must be an array or an object: found "a"'],
    ['["a",]', 'n.json:1:6: expected a value, found "]"'],
    ['', 'n.json:1:1: expected a value, found the end of the file'],
  ])('%j is refused: %s', (text, message) => {
    expect(() => parseNodes(text, 'n.json')).toThrow(message);
  });
});

describe('--add', () => {
  const plain = [{ id: 'a', weight: 1, zone: undefined }];
  const ports = [{ id: '10.0.0.1:11211', weight: 1, zone: undefined }];

  test.each([
    ['n9', { id: 'n9', weight: 1, zone: undefined }],
    ['n9:2.5', { id: 'n9', weight: 2.5, zone: undefined }],
    ['n9:2:east', { id: 'n9', weight: 2, zone: 'east' }],
    ['n9::east', { id: 'n9', weight: 1, zone: 'east' }],
    ['n9:0', { id: 'n9', weight: 0, zone: undefined }],
    ['{"id": "x:1", "weight": 3, "zone": "z"}', { id: 'x:1', weight: 3, zone: 'z' }],
  ])('%s', (argument, node) => {
    expect(parseNodeArgument(argument, plain)).toEqual(node);
  });

  test('a port is never read as a weight where ids have ports', () => {
    expect(() => parseNodeArgument('10.0.0.2:11211', ports)).toThrow(`--add '{"id":"10.0.0.2:11211"}'`);
    expect(parseNodeArgument('{"id":"10.0.0.2:11211"}', ports).id).toBe('10.0.0.2:11211');
    expect(parseNodeArgument('n9', ports)).toEqual({ id: 'n9', weight: 1, zone: undefined });
  });

  test.each([
    ['', 'the id must not be empty'],
    [':2', 'the id must not be empty'],
    ['a:b', 'the weight must be a finite number of at least 0: received b'],
    ['a: ', 'the weight must be'],
    ['a:-1', 'received -1'],
    ['a:Infinity', 'received Infinity'],
    ['a:1:z:q', 'expected id[:weight[:zone]] or JSON'],
    ['{"weight": 2}', 'node 0 has no "id"'],
    ['{"id": "x"', 'found "]"'],
  ])('%j is refused as a usage failure: %s', (argument, message) => {
    expect(() => parseNodeArgument(argument, plain)).toThrow(message);
    expect(() => parseNodeArgument(argument, plain)).toThrow(expect.objectContaining({ exitCode: 2 }));
  });
});
