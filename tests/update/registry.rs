//! A registry that has some tags of one image.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use openclaw::tree::hash;

/// Starts one that has these tags, each for these platforms; returns its address.
pub fn start(tags: &[(&str, &[&str])]) -> String {
    let owned = |platforms: &[&str]| platforms.iter().map(|one| (*one).to_owned()).collect();
    let tags: Vec<(String, Vec<String>)> =
        tags.iter().map(|(tag, platforms)| ((*tag).to_owned(), owned(platforms))).collect();
    let tags = Arc::new(tags);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let tags = tags.clone();
            std::thread::spawn(move || serve(stream, &tags));
        }
    });
    format!("http://{address}")
}

fn serve(mut stream: TcpStream, tags: &[(String, Vec<String>)]) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    while let Some(Ok(first)) = lines.next() {
        while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
        let path = first.split_whitespace().nth(1).unwrap().to_owned();
        let (status, body) = answer(&path, tags).map_or((404, String::new()), |body| (200, body));
        let head = format!("HTTP/1.1 {status} Said\r\nContent-Length: {}\r\n\r\n", body.len());
        if stream.write_all((head + &body).as_bytes()).is_err() {
            return;
        }
    }
}

fn digest(text: &str) -> String {
    format!("sha256:{}", hash(text.as_bytes()))
}

/// An image of one platform: its configuration and its manifest.
fn image(tag: &str, platform: &str) -> (String, String) {
    let (os, architecture) = platform.split_once('/').unwrap();
    let config = format!(
        r#"{{"os":"{os}","architecture":"{architecture}","created":"2026-09-01T00:00:00Z","tag":"{tag}"}}"#
    );
    let manifest = format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{{"digest":"{}"}},"layers":[]}}"#,
        digest(&config)
    );
    (config, manifest)
}

fn index(tag: &str, platforms: &[String]) -> String {
    let entry = |platform: &String| {
        let (os, architecture) = platform.split_once('/').unwrap();
        let digest = digest(&image(tag, platform).1);
        format!(
            r#"{{"digest":"{digest}","platform":{{"os":"{os}","architecture":"{architecture}"}}}}"#
        )
    };
    let entries: Vec<String> = platforms.iter().map(entry).collect();
    format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{}]}}"#,
        entries.join(",")
    )
}

fn answer(path: &str, tags: &[(String, Vec<String>)]) -> Option<String> {
    let rest = path.strip_prefix("/v2/openclaw/openclaw/")?;
    if rest.starts_with("tags/list") {
        let names: Vec<String> = tags.iter().map(|(tag, _)| format!("\"{tag}\"")).collect();
        let list = names.join(",");
        return Some(format!(r#"{{"name":"openclaw/openclaw","tags":[{list}]}}"#));
    }
    let (kind, wanted) = rest.split_once('/')?;
    for (tag, platforms) in tags {
        if kind == "manifests" && wanted == tag {
            return Some(index(tag, platforms));
        }
        for platform in platforms {
            let (config, manifest) = image(tag, platform);
            let text = if kind == "blobs" { config } else { manifest };
            if digest(&text) == wanted {
                return Some(text);
            }
        }
    }
    None
}
