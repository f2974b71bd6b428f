//! Data files that the browser keeps, so that no network is needed for them a second time.

use super::inbox::DataRequest;
use super::session::Emit;
use crate::protocol::{Event, Failure, KeptData};

/// Answers a request about kept data.
pub async fn serve(_request: DataRequest, emit: &Emit) {
    let problem = Failure::new(
        "Data are kept by the browser only.",
        "On the command line, “proden data” fetches them into a folder.",
    );
    refuse(problem, emit).await;
}

/// Says what is kept, and why a request was not met.
pub async fn refuse(problem: Failure, emit: &Emit) {
    emit(Event::DataKept(KeptData { problem: Some(problem), ..KeptData::default() }), None);
}
