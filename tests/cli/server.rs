//! A static host that answers as it is told, well or badly.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::thread;

/// How a request is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// As it should be, ranges and all.
    Well,
    /// The whole file, whatever range was asked for.
    WithoutRanges,
    /// Well, but for the end: so many bytes, and the connection is gone.
    BreakingOff(usize),
    /// With a status and a page.
    Status(&'static str),
    /// Not at all.
    Silent,
}

/// A host; it lives as long as the test.
pub struct Server {
    pub url: String,
    /// Path and range of each request.
    requests: Receiver<(String, Option<usize>)>,
}

impl Server {
    /// A host of one file, under whatever name. Answers the requests one after the other, each in
    /// its manner; the last one stays.
    pub fn start(file: Vec<u8>, manners: &[Manner]) -> Self {
        Self::of(vec![("", file)], manners)
    }

    /// A host of files, each known by the end of its path.
    pub fn of(files: Vec<(&'static str, Vec<u8>)>, manners: &[Manner]) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = format!("http://{}/folder", listener.local_addr().unwrap());
        let (sender, requests) = mpsc::channel();
        let manners = manners.to_vec();
        thread::spawn(move || {
            let last = *manners.last().unwrap();
            let mut kept = Vec::new();
            for manner in manners.into_iter().chain(std::iter::repeat(last)) {
                let (stream, _) = listener.accept().unwrap();
                let (path, start) = request(&stream);
                let (_, file) = files.iter().find(|(end, _)| path.ends_with(end)).unwrap();
                if sender.send((path, start)).is_err() {
                    return;
                }
                if manner == Manner::Silent {
                    kept.push(stream);
                } else {
                    // A client that has gone is none of our business.
                    let _ = answer(stream, file, start, manner);
                }
            }
        });
        Self { url, requests }
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<(String, Option<usize>)> {
        self.requests.try_iter().collect()
    }
}

fn request(stream: &TcpStream) -> (String, Option<usize>) {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let path = lines.next().unwrap().split(' ').nth(1).unwrap().to_owned();
    let mut start = None;
    for line in lines.take_while(|line| !line.is_empty()) {
        if let Some(range) = line.to_lowercase().strip_prefix("range: bytes=") {
            start = range.strip_suffix('-').unwrap().parse().ok();
        }
    }
    (path, start)
}

fn answer(
    mut stream: TcpStream,
    file: &[u8],
    start: Option<usize>,
    manner: Manner,
) -> std::io::Result<()> {
    let (mut status, mut from, mut range) = ("200 OK", 0, String::new());
    let (ranges, end) = match manner {
        Manner::Well => (true, file.len()),
        Manner::WithoutRanges => (false, file.len()),
        Manner::BreakingOff(count) => (true, count),
        Manner::Status(status) => {
            let page = "<!DOCTYPE html><p>Nothing here";
            let length = page.len();
            return write!(
                stream,
                "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{page}"
            );
        }
        Manner::Silent => return Ok(()),
    };
    let total = file.len();
    match start.filter(|_| ranges) {
        Some(start) if start < total => {
            (status, from) = ("206 Partial Content", start);
            range = format!("Content-Range: bytes {start}-{}/{total}\r\n", total - 1);
        }
        Some(_) => {
            return write!(
                stream,
                "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */{total}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
        }
        None => {}
    }
    let length = total - from;
    write!(
        stream,
        "HTTP/1.1 {status}\r\n{range}Content-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    stream.write_all(&file[from..end.max(from)])
}
