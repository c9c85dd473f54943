// A web server for one test: files of a folder, and what it was asked.
//
//   node server.mjs ADDRESS PORT FOLDER [PASS]
//
// A path is answered with `FOLDER/body/PATH.body`, and with 404 where there is none or, with
// PASS, with what the server of that address says to it. TLS where FOLDER has tls.crt and
// tls.key. Each request is a line of JSON in FOLDER/requests; the port is written to
// FOLDER/port once it listens.
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import {join} from 'node:path';

const [address, port, folder, pass] = process.argv.slice(2);
const types = {'<': 'text/html; charset=utf-8', '{': 'application/json'};

async function passed(request, response) {
  const headers = {accept: request.headers.accept ?? '*/*'};
  const answer = await fetch(new URL(request.url, pass), {headers});
  const type = answer.headers.get('content-type') ?? 'application/octet-stream';
  let body = Buffer.from(await answer.arrayBuffer());
  // What it names is to be had here too.
  if (type.includes('json')) body = body.toString().replaceAll(pass, `https://${request.headers.host}/`);
  response.writeHead(answer.status, {'content-type': type}).end(body);
}

async function answer(request, response) {
  const {pathname} = new URL(request.url, 'http://a');
  const {host, 'user-agent': agent} = request.headers;
  fs.appendFileSync(join(folder, 'requests'), `${JSON.stringify({host, path: request.url, agent})}\n`);
  const file = join(folder, 'body', `${decodeURIComponent(pathname)}.body`);
  if (fs.existsSync(file)) {
    const body = fs.readFileSync(file);
    const type = types[String.fromCharCode(body[0])] ?? 'application/octet-stream';
    response.writeHead(200, {'content-type': type, 'content-length': body.length}).end(body);
  } else if (pass) {
    await passed(request, response);
  } else {
    response.writeHead(404).end();
  }
}

const secure = fs.existsSync(join(folder, 'tls.key'));
const options = secure ? {cert: fs.readFileSync(join(folder, 'tls.crt')), key: fs.readFileSync(join(folder, 'tls.key'))} : {};
const server = (secure ? https : http).createServer(options, (request, response) => {
  answer(request, response).catch((error) => response.writeHead(502).end(String(error.cause ?? error)));
});
server.listen(Number(port), address, () => {
  fs.writeFileSync(join(folder, 'port.new'), String(server.address().port));
  fs.renameSync(join(folder, 'port.new'), join(folder, 'port'));
});
