// A proxy before an API server that makes faults.
//
//   node faults.mjs FOLDER TARGET CERTIFICATE KEY AUTHORITY
//
// It listens on a free port, which it writes to FOLDER/port, and asks TARGET with the certificate.
// FOLDER/faults, read for every request, says what goes wrong: an array of
//
//   {"method": "POST", "path": "/secrets", "share": 0.5, "do": "429" | "500" | "slow" | "cut" | "broken" | "hang"}
//
// 429 and 500 are answered without asking. `slow` answers after two seconds. `cut` asks, and closes
// the connection without the answer; `broken` passes the answer on for a second, and closes then;
// `hang` asks, and never answers nor closes. Each request is a line of JSON in FOLDER/requests,
// with the fault that it met.
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import {join} from 'node:path';

const [folder, target, certificate, key, authority] = process.argv.slice(2);
const read = (path) => fs.readFileSync(path);
const agent = new https.Agent({cert: read(certificate), key: read(key), ca: read(authority), keepAlive: true});

// A share of the requests, evenly: no run has more luck than another.
const counts = new Map();
function falls(fault, index) {
  const before = counts.get(index) ?? 0;
  counts.set(index, before + fault.share);
  return Math.floor(before + fault.share) > Math.floor(before);
}

function faultOf(request) {
  let faults = [];
  try {
    faults = JSON.parse(fs.readFileSync(join(folder, 'faults'), 'utf8'));
  } catch {
    // None yet.
  }
  const meant = ({method, path}) => (!method || method === request.method) && (!path || request.url.includes(path));
  const index = faults.findIndex((fault, at) => meant(fault) && falls(fault, at));
  return index < 0 ? '' : faults[index].do;
}

const server = http.createServer((request, response) => {
  const fault = faultOf(request);
  fs.appendFileSync(join(folder, 'requests'), `${JSON.stringify({method: request.method, url: request.url, fault})}\n`);
  if (fault === '429' || fault === '500') {
    const body = JSON.stringify({kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'Injected', message: 'a fault', code: Number(fault)});
    response.writeHead(Number(fault), {'content-type': 'application/json', 'retry-after': '1'}).end(body);
    return;
  }
  const asked = https.request(new URL(request.url, target), {agent, method: request.method, headers: {...request.headers, host: new URL(target).host}}, (answer) => {
    if (fault === 'cut') {
      answer.resume().on('end', () => request.socket.destroy());
    } else if (fault === 'hang') {
      answer.resume();
    } else {
      setTimeout(() => {
        response.writeHead(answer.statusCode, answer.headers);
        response.flushHeaders();
        answer.pipe(response);
        answer.on('error', () => request.socket.destroy());
        if (fault === 'broken') setTimeout(() => request.socket.destroy(), 1000);
      }, fault === 'slow' ? 2000 : 0);
    }
  });
  asked.on('error', () => request.socket.destroy());
  response.on('close', () => asked.destroy());
  request.pipe(asked);
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  fs.writeFileSync(join(folder, 'port.new'), String(server.address().port));
  fs.renameSync(join(folder, 'port.new'), join(folder, 'port'));
});
