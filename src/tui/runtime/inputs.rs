//! Input from the input thread; consecutive characters for a text input are combined.

use tokio::sync::mpsc::UnboundedReceiver;
use zeroize::Zeroizing;

use crate::tui::event::{Event, PastedText};
use crate::tui::terminal::Input;

/// Limit of combined characters in bytes.
const MAX_TYPED: usize = 64 * 1024;

/// Queue of inputs from the input thread.
pub(super) struct Inputs {
    queue: UnboundedReceiver<Input>,
    /// An input that was peeked at.
    ahead: Option<Input>,
}

impl Inputs {
    pub(super) const fn new(queue: UnboundedReceiver<Input>) -> Self {
        Self { queue, ahead: None }
    }

    /// Waits for the next input; `None` if the thread has ended.
    pub(super) async fn next(&mut self) -> Option<Input> {
        match self.ahead.take() {
            Some(input) => Some(input),
            None => self.queue.recv().await,
        }
    }

    /// Next input, if one is waiting; `takes_text` permits combining characters.
    pub(super) fn waiting(&mut self, takes_text: bool) -> Option<Input> {
        let first = match self.ahead.take() {
            Some(input) => input,
            None => self.queue.try_recv().ok()?,
        };
        let Some(character) = typed(&first).filter(|_| takes_text) else {
            return Some(first);
        };
        let Ok(second) = self.queue.try_recv() else {
            return Some(first);
        };
        let mut text = Zeroizing::new(String::with_capacity(MAX_TYPED));
        text.push(character);
        let mut next = Some(second);
        while let Some(input) = next.take() {
            match typed(&input) {
                Some(character) if text.len() + character.len_utf8() <= MAX_TYPED => {
                    text.push(character);
                    next = self.queue.try_recv().ok();
                }
                Some(_) | None => self.ahead = Some(input),
            }
        }
        if text.len() == character.len_utf8() {
            return Some(first);
        }
        Some(Input::Event(Event::Typed(PastedText(text))))
    }
}

/// Character that an input types.
fn typed(input: &Input) -> Option<char> {
    match input {
        Input::Event(Event::Key(key)) => key.typed(),
        Input::Event(_) | Input::Burst(_) | Input::Closed => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::key::KeyPress;
    use tokio::sync::mpsc::unbounded_channel;

    fn inputs(keys: &[&str]) -> Inputs {
        let (sender, waiting) = unbounded_channel();
        for key in keys {
            let key = KeyPress::read(key).unwrap();
            sender.send(Input::Event(Event::Key(key))).unwrap();
        }
        Inputs::new(waiting)
    }

    fn described(mut inputs: Inputs, takes_text: bool) -> Vec<String> {
        std::iter::from_fn(|| inputs.waiting(takes_text))
            .map(|input| match input {
                Input::Event(Event::Typed(text)) => format!("typed {}", *text.0),
                Input::Event(Event::Key(key)) => key.to_string(),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn typed_characters_are_combined_and_other_keys_keep_their_place() {
        let keys = ["a", "b", "tab", "c", "ctrl-s", "d", "e"];
        let together = ["typed ab", "Tab", "c", "Ctrl-S", "typed de"];
        assert_eq!(described(inputs(&keys), true), together);
        assert_eq!(described(inputs(&keys), false).len(), keys.len());
        assert_eq!(described(inputs(&["a"]), true), ["a"]);
    }

    #[test]
    fn combined_characters_are_limited() {
        let keys = vec!["x"; MAX_TYPED + 10];
        let inputs = described(inputs(&keys), true);
        assert_eq!(inputs.len(), 2);
        assert_eq!(inputs[1], format!("typed {}", "x".repeat(10)));
    }
}
