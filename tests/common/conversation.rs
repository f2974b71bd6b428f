//! Talking to the engine's session natively, as the page does.

use std::cell::RefCell;
use std::rc::Rc;

use futures_channel::mpsc::{UnboundedSender, unbounded};
use futures_executor::block_on;
use proden::engine::session::{self, Emit};
use proden::protocol::{Command, Event, Payload};

pub type Sender = UnboundedSender<(Command, Payload)>;

/// Sends the commands, and lets `react` send more at each event, until it says that it has
/// heard enough; what was asked before that is still answered.
pub fn converse_until(
    commands: Vec<(Command, Payload)>,
    react: impl FnMut(&Event, &Payload, &Sender) -> bool + 'static,
) -> Vec<(Event, Payload)> {
    let (sender, receiver) = unbounded();
    for command in commands {
        sender.unbounded_send(command).unwrap();
    }
    let events = Rc::new(RefCell::new(Vec::new()));
    let sender = RefCell::new(Some(sender));
    let react = RefCell::new(react);
    let emit: Emit = {
        let events = events.clone();
        Rc::new(move |event, payload| {
            assert_survives_the_wire(&event);
            let heard =
                sender.borrow().as_ref().map(|to| (react.borrow_mut())(&event, &payload, to));
            if heard == Some(true) {
                sender.take();
            }
            events.borrow_mut().push((event, payload));
        })
    };
    block_on(session::serve(receiver, emit));
    events.take()
}

/// JSON has no NaN: what it makes of one is no event to the page, which gives the engine up.
fn assert_survives_the_wire(event: &Event) {
    let text = serde_json::to_string(event).unwrap();
    let read = serde_json::from_str::<Event>(&text);
    assert!(read.is_ok(), "the page cannot read {text:.300}: {read:?}");
}
