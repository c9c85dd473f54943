import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';
import {gzipSync} from 'node:zlib';
import {calls, configure, fake, killEverywhere, run, succeeds, tree, world, write} from './kit.mjs';

const CLAWHUB = `const dir = args[args.indexOf('--workdir') + 1] + '/skills/' + args[args.indexOf('install') + 1];
if (dir.endsWith('absent')) process.exit(1);
if (fs.existsSync(dir) && !args.includes('--force')) process.exit(1);
mkdir(dir); fs.writeFileSync(dir + '/SKILL.md', args.join(' '));`;
const NPM = `const dir = args[args.indexOf('--prefix') + 1] + '/lib/node_modules/' + args.at(-1).replace(/(.)@.*/, '$1');
if (args[0] === 'install') mkdir(dir); else fs.rmSync(dir, {recursive: true, force: true});`;

function skills(...items) {
  const it = world();
  fake(it, 'npx', CLAWHUB);
  fake(it, 'npm', NPM);
  fs.mkdirSync(it.at('fetch'));
  it.want = (...wanted) => configure(it, {skills: {clawhub: '0.23.3', items: wanted}});
  it.want(...items);
  it.go = (env) => run(it, 'init-skills.mjs', {FETCH: it.at('fetch'), ...env});
  it.works = () => {
    const {status, stderr} = it.go();
    assert.equal(status, 0, stderr);
  };
  return it;
}

const npx = (it, ...rest) => ['npx', '-y', '--ignore-scripts', 'clawhub@0.23.3', '--no-input', '--workdir', join(it.state, 'workspace'), 'install', ...rest];

test('slugs and packages become argument vectors, once', () => {
  const it = skills('weather', '@owner/slug@1.2.0', 'npm:foo@1.0.0', 'npm:@scope/bar');
  it.works();
  const install = (spec) => ['npm', 'install', '-g', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', join(it.state, '.local'), '--', spec];
  assert.deepEqual(calls(it), [npx(it, 'weather'), npx(it, '@owner/slug', '--version', '1.2.0'), install('foo@1.0.0'), install('@scope/bar')]);
  it.works();
  assert.deepEqual(calls(it), []);
});

test("install scripts stay off whatever the user's environment says", () => {
  const it = skills('npm:foo');
  assert.equal(it.go({NPM_CONFIG_IGNORE_SCRIPTS: 'false', npm_config_ignore_scripts: '', 'npm_config_ignore-scripts': 'false'}).status, 0);
  const {XDG_CONFIG_HOME, ...env} = JSON.parse(fs.readFileSync(it.at('env'), 'utf8'));
  assert.deepEqual(env, {npm_config_ignore_scripts: 'true'});
  assert.ok(XDG_CONFIG_HOME.startsWith('/tmp'));
});

test('nasty names reach no program', () => {
  const names = ['$(touch x)', '`x`', "a'b", 'a"b', 'a\nb', 'weather\n', '-rf', '--registry=x', '@-o/s', '@o/-s', 'a@-1', 'a@', 'a b', '../x', '@o/..', 'a/b', '', '.hidden', 'a@1;x',
    'npm:', 'npm:-g', 'npm:../x', 'npm:foo@file:x', 'npm:git+ssh://x', 'npm:a/b', 'npm:foo@-1',
    'pack:o/r', 'pack:o/r/../x@1', 'pack:o/r/a@../x', 'pack:o/r/a@-x', 'pack:-o/r/a', 'pack:o/r//a', 'pack:o/r/.', 'pack:o/r/a?x', 'pack:o/r/a#x', 'pack:o/r/a%2e', 'skills-sh:o/r/s'];
  for (const name of names) {
    const it = skills('weather', name);
    const {status, stderr} = it.go();
    assert.equal(status, 78, name);
    assert.ok(stderr.startsWith(`init-skills.mjs: skill ${JSON.stringify(name)} is not `), stderr);
    assert.deepEqual(calls(it), []);
  }
});

test('a missing skill fails by name, and what came before it is not installed again', () => {
  const it = skills('weather', '@owner/absent');
  const {status, stderr} = it.go();
  assert.equal(status, 1);
  assert.equal(stderr, 'init-skills.mjs: skill @owner/absent: npx ended with 1\n');
  calls(it);
  it.go();
  assert.deepEqual(calls(it), [npx(it, '@owner/absent')]);
});

test('a missing program fails by name of the skill', () => {
  const it = skills('weather');
  fs.rmSync(it.at('bin/npx'));
  assert.equal(it.go({PATH: it.at('bin')}).stderr, 'init-skills.mjs: skill weather: npx ended with ENOENT\n');
});

test('another version replaces the directory by force, and back again', () => {
  const it = skills('@o/s@1');
  it.works();
  calls(it);
  for (const item of ['@o/s@2', '@o/s@1']) {
    it.want(item);
    it.works();
    assert.deepEqual(calls(it), [npx(it, '@o/s', '--version', item.at(-1), '--force')]);
    assert.deepEqual(JSON.parse(fs.readFileSync(it.at('state/.openclaw-skills.json'), 'utf8')), {items: {[item]: 'workspace/skills/@o/s'}});
  }
});

test('a skill that the agent deleted comes back', () => {
  const it = skills('weather');
  it.works();
  fs.rmSync(it.at('state/workspace/skills/weather'), {recursive: true});
  calls(it);
  it.works();
  assert.deepEqual(calls(it), [npx(it, 'weather')]);
});

test('what is no longer wanted goes, and what was never ours stays', () => {
  const it = skills('weather', '@o/notes', 'npm:foo@1.0.0');
  write(it.at('state/workspace/skills/notes/SKILL.md'), "the agent's");
  it.works();
  calls(it);
  it.want('weather');
  it.works();
  assert.deepEqual(calls(it), [['npm', 'uninstall', '-g', '--ignore-scripts', '--prefix', join(it.state, '.local'), '--', 'foo']]);
  assert.deepEqual(fs.readdirSync(it.at('state/workspace/skills')).sort(), ['@o', 'notes', 'weather']);
  assert.deepEqual(fs.readdirSync(it.at('state/workspace/skills/@o')), []);
});

test('a forged record removes nothing else', () => {
  const it = skills('weather');
  write(it.at('state/workspace/precious'), '');
  write(it.at('state/.openclaw-skills.json'), JSON.stringify({items: {'../..': 'workspace', 'notes': 'workspace', '-x': 'workspace/skills/-x'}}));
  it.works();
  assert.ok(fs.existsSync(it.at('state/workspace/precious')));
});

test('two items for one directory are refused', () => {
  const it = skills('pack:o/r/a/weather@1', 'weather');
  const {status, stderr} = it.go();
  assert.equal(status, 78);
  assert.match(stderr, /skills pack:o\/r\/a\/weather@1 and weather share the directory workspace\/skills\/weather/);
});

// Archives as GitHub makes them: git archive, with a global header and one directory on top.
function archive(it, repo, ref, entries) {
  const blocks = Object.entries(entries).map(([name, {type = '0', text = '', mode = 0o644, link = ''}]) => {
    const head = Buffer.alloc(512);
    head.write(name, 0, 100);
    head.write(mode.toString(8).padStart(7, '0'), 100);
    head.write(Buffer.byteLength(text).toString(8).padStart(11, '0'), 124);
    head.write(type, 156);
    head.write(link, 157);
    head.write('ustar\x0000', 257);
    const body = Buffer.from(text);
    return Buffer.concat([head, body, Buffer.alloc((512 - body.length % 512) % 512)]);
  });
  serve(it, repo, ref, gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)])));
}

const serve = (it, repo, ref, data) => fs.writeFileSync(it.at('fetch', encodeURIComponent(`/${repo}/tar.gz/${ref}`)), data);
const installed = (it) => tree(it.at('state/workspace/skills'));

function fromGit(it, ref) {
  const dir = it.at('repo');
  write(join(dir, 'skills/pack/SKILL.md'), 'v1');
  write(join(dir, 'skills/pack/run.sh'), '#!/bin/sh', 0o755);
  write(join(dir, `skills/pack/${'long/'.repeat(40)}é.txt`), 'x'.repeat(200_000));
  write(join(dir, 'skills/pack2/no'), '');
  fs.symlinkSync('/etc/passwd', join(dir, 'elsewhere'));
  const git = (...args) => execFileSync('git', ['-C', dir, '-c', 'user.name=a', '-c', 'user.email=a@b', ...args]);
  git('init', '-q');
  git('add', '-A');
  git('commit', '-qm', 'x');
  serve(it, 'o/r', ref, git('archive', '--format=tar.gz', '--prefix=r-v1/', 'HEAD'));
}

test('a pack is one directory of a real git archive, with long names and executable bits', () => {
  const it = skills('pack:o/r/skills/pack@v1');
  fromGit(it, 'v1');
  it.works();
  const found = installed(it);
  assert.equal(found['pack/SKILL.md'], '644 now v1');
  assert.equal(found['pack/run.sh'], '755 now #!/bin/sh');
  assert.equal(fs.readFileSync(it.at('state/workspace/skills/pack', 'long/'.repeat(40), 'é.txt'), 'utf8').length, 200_000);
  assert.equal(Object.keys(found).length, 3 + 41);
  it.works();
  assert.equal(fs.readFileSync(it.at('fetch/log'), 'utf8'), 'https://codeload.github.com/o/r/tar.gz/v1\n');
});

test('another ref of a pack replaces all of it', () => {
  const it = skills('pack:o/r/p@1');
  archive(it, 'o/r', '1', {'r-1/p/a': {text: '1'}, 'r-1/p/stale': {}});
  archive(it, 'o/r', 'heads/next', {'r-2/p/': {type: '5'}, 'r-2/p/a': {text: '2'}});
  it.works();
  it.want('pack:o/r/p@heads/next');
  it.works();
  assert.deepEqual(installed(it), {p: '755 now directory', 'p/a': '644 now 2'});
});

const NEITHER = /is neither a directory nor a file in one$/;
const LEAVES = /leaves its directory$/;
for (const [why, [reason, entries]] of Object.entries({
  'a link': [NEITHER, {'r/p/a': {}, 'r/p/l': {type: '2', link: '/etc/passwd'}}],
  'a hard link': [NEITHER, {'r/p/a': {}, 'r/p/l': {type: '1', link: 'r/p/a'}}],
  'a way out': [LEAVES, {'r/p/../../../../escape': {text: 'x'}}],
  'a way out of a directory inside': [LEAVES, {'r/p/a/../b': {text: 'x'}}],
  'an empty part': [LEAVES, {'r/p//x': {text: 'x'}}],
  'a link as the path itself': [NEITHER, {'r/p': {type: '2', link: '/etc'}, 'r/p/x': {text: 'x'}}],
  'a file as the path itself': [NEITHER, {'r/p': {text: 'x'}}],
  'a device': [NEITHER, {'r/p/d': {type: '3'}}],
  'nothing': [/p is not in o\/r at 1$/, {'r/other/a': {}, 'r/pp/a': {}, 'r/p/': {type: '5'}}],
})) {
  test(`a pack with ${why} is refused by name and leaves nothing`, () => {
    const it = skills('pack:o/r/p@1');
    archive(it, 'o/r', '1', entries);
    const {status, stderr} = it.go();
    assert.equal(status, 1, stderr);
    assert.ok(stderr.startsWith('init-skills.mjs: skill pack:o/r/p@1: '), stderr);
    assert.match(stderr.trimEnd(), reason);
    assert.deepEqual(installed(it), {});
    assert.ok(!fs.existsSync(it.at('escape')) && !fs.existsSync(it.at('state/escape')));
  });
}

test('an archive that is missing, cut short or no archive is refused by name', () => {
  for (const data of [null, gzipSync(Buffer.alloc(4096, 1)).subarray(0, 20), Buffer.from('<html>'), gzipSync(Buffer.alloc(512, 0x39))]) {
    const it = skills('pack:o/r/p@1');
    if (data) serve(it, 'o/r', '1', data);
    const {status, stderr} = it.go();
    assert.equal(status, 1);
    assert.match(stderr, /^init-skills\.mjs: skill pack:o\/r\/p@1: [^\n]+\n$/);
    assert.deepEqual(installed(it), {});
  }
});

test('skills that lead out of the workspace are not written', () => {
  const it = skills('pack:o/r/p@1');
  fs.mkdirSync(it.at('outside'));
  fs.mkdirSync(it.at('state/workspace'));
  fs.symlinkSync(it.at('outside'), it.at('state/workspace/skills'));
  assert.equal(it.go().status, 1);
  assert.deepEqual(fs.readdirSync(it.at('outside')), []);
});

test('killed at any change, the next start has the new skills and nothing else', () => {
  const start = skills('weather', 'pack:o/r/p@1', 'npm:foo@1');
  archive(start, 'o/r', '1', {'r-1/p/a': {text: '1'}, 'r-1/p/stale': {}});
  archive(start, 'o/r', '2', {'r-2/p/a': {text: '2'}, 'r-2/p/b/c': {text: '2'}});
  start.works();
  start.want('pack:o/r/p@2');
  const env = {FETCH: start.at('fetch')};
  killEverywhere(start, 'init-skills.mjs', env, (it, when) => {
    // The fakes know the first world only, and must not touch it.
    fake(it, 'npm', NPM);
    succeeds(it, 'init-skills.mjs', env);
    assert.deepEqual(installed(it), {p: '755 now directory', 'p/a': '644 now 2', 'p/b': '755 now directory', 'p/b/c': '644 now 2'}, when);
    assert.deepEqual(JSON.parse(fs.readFileSync(it.at('state/.openclaw-skills.json'), 'utf8')), {items: {'pack:o/r/p@2': 'workspace/skills/p'}}, when);
  });
});
