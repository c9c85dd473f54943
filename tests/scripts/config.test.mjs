import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';
import {killEverywhere, configure, run, succeeds, tree, world, write} from './kit.mjs';

const LONG_AGO = new Date('2001-02-03');
const file = (it) => it.at('state/openclaw.json');
const read = (it) => JSON.parse(fs.readFileSync(file(it), 'utf8'));
const source = (it, text) => write(it.at('etc/openclaw.json'), text);
const volume = (it, text) => write(file(it), text, 0o600);

function applied(config, from, onVolume) {
  const it = world({config});
  source(it, typeof from === 'string' ? from : JSON.stringify(from));
  if (onVolume !== undefined) volume(it, typeof onVolume === 'string' ? onVolume : JSON.stringify(onVolume));
  succeeds(it, 'init-config.mjs');
  return it;
}

test('overwrite mode puts the bytes of the source on the volume', () => {
  const it = applied({}, '{"id": 12345678901234567890}', {old: true});
  assert.equal(fs.readFileSync(file(it), 'utf8'), '{"id": 12345678901234567890}');
  assert.equal(fs.statSync(file(it)).mode & 0o777, 0o600);
});

test('merge mode merges objects and replaces lists and scalars', () => {
  const it = applied({mode: 'merge'}, {a: {b: 1, list: [1]}, s: {t: 1}, n: null}, {a: {b: 2, c: 3, list: [2, 3]}, s: 'text', own: true, n: {x: 1}});
  assert.deepEqual(read(it), {a: {b: 1, c: 3, list: [1]}, s: {t: 1}, own: true, n: null});
});

test('a key __proto__ stays a plain key', () => {
  const it = applied({mode: 'merge'}, '{"a": {"__proto__": {"x": 1}}}', '{"a": {"__proto__": {"y": 2}}}');
  assert.equal(fs.readFileSync(file(it), 'utf8').replace(/\s/g, ''), '{"a":{"__proto__":{"y":2,"x":1}}}');
});

test('forced paths take nothing from the volume', () => {
  const forcePaths = [['gateway', 'auth'], ['models'], ['absent', 'deep'], ['text', 'below']];
  const it = applied({mode: 'merge', forcePaths}, {gateway: {auth: {mode: 'token'}}},
    {gateway: {auth: {token: 'stolen'}, port: 1}, models: {providers: {}}, text: 'x', kept: 1});
  assert.deepEqual(read(it), {gateway: {auth: {mode: 'token'}, port: 1}, text: 'x', kept: 1});
});

for (const [ours, other] of [['list', 'entries'], ['entries', 'list']]) {
  test(`agents.${ours} of the source drops agents.${other} of the volume`, () => {
    const it = applied({mode: 'merge'}, {agents: {[ours]: [1]}}, {agents: {[other]: [2], defaults: {}}});
    assert.deepEqual(read(it), {agents: {[ours]: [1], defaults: {}}});
  });
}

test('leaves are set only where nothing is, and a parent that is no object stays', () => {
  const set = [
    {path: ['gateway', 'mode'], value: 'local'}, {path: ['gateway', 'bind'], value: 'lan'},
    {path: ['gateway', 'controlUi', 'allowedOrigins'], value: ['https://a']},
    {path: ['browser', 'enabled'], value: true}, {path: ['nothing', 'here'], value: 1},
  ];
  const it = applied({set}, {gateway: {mode: 'remote', controlUi: {allowedOrigins: []}}, browser: false, nothing: null});
  assert.deepEqual(read(it), {gateway: {mode: 'remote', controlUi: {allowedOrigins: []}, bind: 'lan'}, browser: false, nothing: null});
});

test('a leaf of a merge wins over the volume, and the source over the leaf', () => {
  const set = [{path: ['gateway', 'bind'], value: 'lan'}, {path: ['gateway', 'controlUi', 'allowedOrigins'], value: ['https://new']}];
  const onVolume = {gateway: {bind: 'loopback', controlUi: {allowedOrigins: ['https://old'], basePath: '/own'}}};
  const it = applied({mode: 'merge', set}, {gateway: {bind: 'custom'}}, onVolume);
  assert.deepEqual(read(it), {gateway: {bind: 'custom', controlUi: {allowedOrigins: ['https://new'], basePath: '/own'}}});
});

test('a merge gives the same file whether the leaves stand in the source or in the settings', () => {
  const set = [{path: ['gateway', 'mode'], value: 'local'}, {path: ['browser', 'enabled'], value: true}, {path: ['text', 'below'], value: 1}];
  const onVolume = {gateway: {mode: 'remote', port: 1}, browser: false, text: {below: 2}, own: true};
  const apart = applied({mode: 'merge', set}, {text: 'x'}, onVolume);
  const inside = applied({mode: 'merge'}, {text: 'x', gateway: {mode: 'local'}, browser: {enabled: true}}, onVolume);
  assert.deepEqual(read(apart), read(inside));
  assert.deepEqual(read(apart), {gateway: {mode: 'local', port: 1}, browser: {enabled: true}, text: 'x', own: true});
});

test('json5 is read from source and volume and written as json', () => {
  const it = applied({format: 'json5', mode: 'merge'}, "{a: 'x', // why\n b: [1,],}", "{c: 'y',}");
  assert.equal(fs.readFileSync(file(it), 'utf8'), `${JSON.stringify({c: 'y', a: 'x', b: [1]}, null, 2)}\n`);
});

test('an equal file is not touched', () => {
  for (const mode of ['overwrite', 'merge']) {
    const it = applied({mode}, {a: 1});
    fs.utimesSync(file(it), LONG_AGO, LONG_AGO);
    const before = fs.statSync(file(it)).ino;
    succeeds(it, 'init-config.mjs');
    assert.equal(fs.statSync(file(it)).mtimeMs, LONG_AGO.getTime());
    assert.equal(fs.statSync(file(it)).ino, before);
  }
});

test('a merge that changes nothing keeps comments of the volume', () => {
  const text = "{a: 1, own: 2, // the agent's\n}";
  const it = applied({mode: 'merge', format: 'json5'}, '{a: 1}', text);
  assert.equal(fs.readFileSync(file(it), 'utf8'), text);
});

for (const [name, damage] of Object.entries({
  'a half written file': (path) => fs.writeFileSync(path, '{"a": '),
  'a file that holds no object': (path) => fs.writeFileSync(path, '[]'),
  'an empty file': (path) => fs.writeFileSync(path, ''),
  'a directory': (path) => write(join(path, 'x'), ''),
  'a pipe': (path) => execFileSync('mkfifo', [path]),
  'a dangling link': (path) => fs.symlinkSync('nowhere', path),
})) {
  test(`${name} in place of openclaw.json heals in both modes`, () => {
    for (const mode of ['overwrite', 'merge']) {
      const it = world({config: {mode}});
      damage(file(it));
      succeeds(it, 'init-config.mjs');
      assert.deepEqual(read(it), {gateway: {mode: 'local'}});
      assert.ok(fs.lstatSync(file(it)).isFile());
    }
  });
}

test('an unreadable file is kept aside in a merge, the last one only', () => {
  const it = applied({mode: 'merge'}, {a: 1}, '{broken');
  volume(it, '{broken again');
  succeeds(it, 'init-config.mjs');
  assert.equal(fs.readFileSync(`${file(it)}.unreadable`, 'utf8'), '{broken again');
  assert.deepEqual(read(it), {a: 1});
});

test('a source that cannot be parsed is named with its line, not quoted, and the old file stays', () => {
  for (const [format, text, line] of [['json', '{\n"a": 1,\n}', 3], ['json5', '{\n(secret', 2], ['json', '[]', null], ['json', '', null]]) {
    const it = world({config: {format}});
    source(it, text);
    volume(it, '{"old": true}');
    const {status, stderr} = run(it, 'init-config.mjs');
    assert.equal(status, 78);
    assert.match(stderr, new RegExp(`^init-config.mjs: ${it.at('etc/openclaw.json')}: [^\\n]*${line ? `, line ${line}` : ''}\\n$`));
    assert.doesNotMatch(stderr, /secret/);
    assert.deepEqual(read(it), {old: true});
  }
});

test('a missing source is an error of configuration', () => {
  const it = world({config: {source: '/nonexistent/x'}});
  const {status, stderr} = run(it, 'init-config.mjs');
  assert.equal(status, 78);
  assert.equal(stderr, 'init-config.mjs: /nonexistent/x: ENOENT\n');
});

function seeded(workspace) {
  const it = world({workspace});
  write(it.at('seeds/f0'), 'one');
  write(it.at('seeds/f1'), Buffer.from([0, 255, 10]));
  fs.mkdirSync(it.at('ref/..2026'), {recursive: true});
  write(it.at('ref/..2026/SOUL.md'), 'soul');
  fs.symlinkSync('..2026', it.at('ref/..data'));
  fs.symlinkSync('..data/SOUL.md', it.at('ref/SOUL.md'));
  const place = (path) => path.replace('@', it.root);
  const {files = [], trees = [], ...rest} = workspace;
  configure(it, {workspace: {...rest, files: files.map((f) => ({...f, from: place(f.from)})), trees: trees.map(place)}});
  return it;
}

const SEEDS = {
  directories: ['a/b', 'logs/'],
  files: [{from: '@/seeds/f0', to: 'notes/deep/a.md'}, {from: '@/seeds/f1', to: 'raw.bin'}],
  trees: ['@/ref'],
};

test('the workspace gets its files, trees and directories', () => {
  const it = seeded(SEEDS);
  succeeds(it, 'init-config.mjs');
  assert.deepEqual(tree(it.at('state/workspace')), {
    'SOUL.md': '644 now soul', a: '755 now directory', 'a/b': '755 now directory', logs: '755 now directory',
    notes: '755 now directory', 'notes/deep': '755 now directory', 'notes/deep/a.md': '644 now one', 'raw.bin': '644 now \0\xff\n',
  });
});

test('what the agent changed or deleted is not seeded again', () => {
  const it = seeded(SEEDS);
  succeeds(it, 'init-config.mjs');
  fs.writeFileSync(it.at('state/workspace/SOUL.md'), 'mine');
  fs.rmSync(it.at('state/workspace/notes'), {recursive: true});
  succeeds(it, 'init-config.mjs');
  assert.equal(fs.readFileSync(it.at('state/workspace/SOUL.md'), 'utf8'), 'mine');
  assert.ok(!fs.existsSync(it.at('state/workspace/notes')));
});

test('a file that is there before the first seed is kept and remembered', () => {
  const it = seeded(SEEDS);
  write(it.at('state/workspace/raw.bin'), 'mine');
  succeeds(it, 'init-config.mjs');
  assert.equal(fs.readFileSync(it.at('state/workspace/raw.bin'), 'utf8'), 'mine');
  fs.rmSync(it.at('state/workspace/raw.bin'));
  succeeds(it, 'init-config.mjs');
  assert.ok(!fs.existsSync(it.at('state/workspace/raw.bin')));
});

for (const to of ['../x', '/etc/x', 'a/../../x', 'a//x', '.', '', 'a\0b']) {
  test(`the target ${JSON.stringify(to)} is refused for files and directories`, () => {
    for (const workspace of [{files: [{from: '@/seeds/f0', to}]}, {directories: [to]}]) {
      const it = seeded(workspace);
      assert.equal(run(it, 'init-config.mjs').status, 78);
      assert.deepEqual(Object.keys(tree(it.at('state/workspace'))), []);
    }
  });
}

test("the agent's links lead no seed and no directory out of the workspace", () => {
  const it = seeded({files: [{from: '@/seeds/f0', to: 'out/x'}, {from: '@/seeds/f0', to: 'plain/x'}, {from: '@/seeds/f0', to: 'in/x'}], directories: ['out/y', 'out']});
  fs.mkdirSync(it.at('outside'));
  fs.mkdirSync(it.at('state/workspace/real'), {recursive: true});
  fs.symlinkSync(it.at('outside'), it.at('state/workspace/out'));
  fs.symlinkSync('real', it.at('state/workspace/in'));
  write(it.at('state/workspace/plain'), 'a file');
  const {stderr} = succeeds(it, 'init-config.mjs');
  assert.deepEqual(fs.readdirSync(it.at('outside')), []);
  assert.deepEqual(fs.readdirSync(it.at('state/workspace/real')), ['x']);
  assert.equal(stderr.split('\n').length - 1, 4);
});

test('run twice is run once', () => {
  const it = seeded(SEEDS);
  succeeds(it, 'init-config.mjs');
  for (const path of Object.keys(tree(it.state)).reverse()) fs.utimesSync(join(it.state, path), LONG_AGO, LONG_AGO);
  const once = tree(it.state);
  succeeds(it, 'init-config.mjs');
  assert.deepEqual(tree(it.state), once);
});

for (const mode of ['overwrite', 'merge']) {
  test(`init-config killed at any change ends as if it had not been (${mode})`, () => {
    const start = seeded(SEEDS);
    configure(start, {...start.settings, config: {...start.settings.config, mode, set: [{path: ['gateway', 'bind'], value: 'lan'}]}});
    volume(start, '{broken');
    const whole = seeded(SEEDS);
    configure(whole, {...whole.settings, config: {...whole.settings.config, mode, set: [{path: ['gateway', 'bind'], value: 'lan'}]}});
    volume(whole, '{broken');
    succeeds(whole, 'init-config.mjs');
    const changes = killEverywhere(start, 'init-config.mjs', {}, (it, when) => {
      const between = fs.existsSync(file(it)) ? fs.readFileSync(file(it), 'utf8') : 'absent';
      assert.ok(['absent', '{broken', fs.readFileSync(file(whole), 'utf8')].includes(between), when);
      succeeds(it, 'init-config.mjs');
      assert.deepEqual(tree(it.state), tree(whole.state), when);
    });
    assert.ok(changes > 25, String(changes));
  });
}
