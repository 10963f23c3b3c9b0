use super::stage::Stage;
use std::time::{Duration, Instant};
use strikedeck::exchange_server::faults::{Endpoint, Fault, FaultSpec};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn explore() {
    let t = Instant::now();
    let stage = Stage::open().await;
    println!("open {:?} strategies {}", t.elapsed(), stage.view().strategies.len());
    let place = |f: Fault| FaultSpec::new(f).on(&[Endpoint::Place]).times(1);
    let wrong =
        Fault::WrongCode { status: 400, code: "DH-906".into(), message: "Insufficient Funds".into(), done: false };
    let wrongdone =
        Fault::WrongCode { status: 400, code: "DH-906".into(), message: "Insufficient Funds".into(), done: true };
    for fault in [
        Fault::Latency { ms: 700 },
        Fault::TooManyRequests { plain_text: false },
        Fault::TooManyRequests { plain_text: true },
        Fault::ServerError { status: 500, html: false, done: false },
        Fault::ServerError { status: 502, html: true, done: true },
        Fault::ConnectionReset { done: false },
        Fault::ConnectionReset { done: true },
        Fault::TimeoutAfter,
        Fault::TimeoutBefore,
        wrong,
        wrongdone,
        Fault::InvalidIp,
    ] {
        let t = Instant::now();
        let before = stage.view().notices.last().map_or(0, |n| n.id);
        stage.set(place(fault.clone()));
        let id = stage.execute_next().await;
        let out = tokio::time::timeout(Duration::from_secs(30), stage.outcome(id)).await;
        println!(
            "=== {fault:?}: {out:?} after {:?} held {:?}",
            t.elapsed(),
            stage.view().queued(id).map(|q| q.stage.clone())
        );
        for n in stage.view().notices.iter().filter(|n| n.id > before) {
            println!("   notice {:?} {}", n.level, n.text);
        }
        print!("{}", stage.standing());
        println!("   halt {:?}", stage.view().safety.halt);
        stage.clean_up().await;
        println!("   cleaned {:?}", t.elapsed());
    }
    println!("{}", stage.screen());
    stage.close().await;
}
