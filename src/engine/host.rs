//! Time, and giving way to what else the thread has to do.

#[cfg(all(feature = "engine", target_family = "wasm"))]
pub use browser::{now_secs, scope, sleep, yield_now};
#[cfg(not(all(feature = "engine", target_family = "wasm")))]
pub use native::{now_secs, sleep, yield_now};

#[cfg(all(feature = "engine", target_family = "wasm"))]
mod browser {
    use std::cell::RefCell;
    use std::time::Duration;

    use futures_channel::oneshot;
    use js_sys::global;
    use wasm_bindgen::prelude::*;
    use web_sys::{DedicatedWorkerGlobalScope, MessageChannel};

    /// The worker that this runs in.
    pub fn scope() -> DedicatedWorkerGlobalScope {
        global().unchecked_into()
    }

    /// Seconds on a clock that never goes back.
    pub fn now_secs() -> f64 {
        scope().performance().map_or_else(js_sys::Date::now, |clock| clock.now()) / 1e3
    }

    pub async fn sleep(duration: Duration) {
        gloo_timers::future::sleep(duration).await;
    }

    thread_local! {
        static CHANNEL: RefCell<Option<Channel>> = const { RefCell::new(None) };
    }

    /// A message to ourselves, and who waits for it.
    struct Channel {
        channel: MessageChannel,
        _on_message: Closure<dyn FnMut()>,
    }

    thread_local! {
        static WAITING: RefCell<Vec<oneshot::Sender<()>>> = const { RefCell::new(Vec::new()) };
    }

    /// Lets the thread take its next *macrotask*, a command from the page for one. A resolved
    /// promise would not do (microtasks go first), and timers are held back by 4 ms.
    pub async fn yield_now() {
        let (sender, receiver) = oneshot::channel();
        let posted = CHANNEL.with_borrow_mut(|slot| {
            if slot.is_none() {
                *slot = Channel::open();
            }
            let channel = slot.as_ref()?;
            WAITING.with_borrow_mut(|waiting| waiting.push(sender));
            channel.channel.port2().post_message(&JsValue::NULL).ok()
        });
        match posted {
            // The sender is dropped only by being sent to.
            Some(()) => drop(receiver.await),
            None => sleep(Duration::ZERO).await,
        }
    }

    impl Channel {
        fn open() -> Option<Self> {
            let channel = MessageChannel::new().ok()?;
            let on_message = Closure::<dyn FnMut()>::new(|| {
                let waiting = WAITING.with_borrow_mut(std::mem::take);
                for sender in waiting {
                    // A receiver that was dropped no longer waits.
                    let _ = sender.send(());
                }
            });
            channel.port1().set_onmessage(Some(on_message.as_ref().unchecked_ref()));
            Some(Self { channel, _on_message: on_message })
        }
    }
}

#[cfg(not(all(feature = "engine", target_family = "wasm")))]
mod native {
    use std::sync::LazyLock;
    use std::time::{Duration, Instant};

    static START: LazyLock<Instant> = LazyLock::new(Instant::now);

    /// Seconds on a clock that never goes back.
    pub fn now_secs() -> f64 {
        START.elapsed().as_secs_f64()
    }

    /// Nothing here waits for a host that may not answer, so time never runs out.
    pub async fn sleep(_duration: Duration) {
        std::future::pending().await
    }

    /// Commands come from other threads here: there is nothing to give way to.
    pub async fn yield_now() {}
}
