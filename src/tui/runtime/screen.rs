//! Screen of the app: frames, its size, and suspending.

use std::io;
use std::time::Instant;

use ratatui::layout::Rect;

use super::runtime_core::EventLoop as _;
use super::{LoopControl, Runtime, TuiError};
use crate::tui::event::Event;
use crate::tui::layout::Size;
use crate::tui::{terminal, view};

impl Runtime {
    pub(super) fn draw(&mut self) -> Result<(), TuiError> {
        if self.editing.is_some() {
            return Ok(());
        }
        let flaws = self
            .themes
            .show(self.core.app.themes.current, self.core.app.screen.is_light);
        if !flaws.is_empty() {
            self.core.app.update(Event::Notices(flaws));
        }
        let (app, theme) = (&self.core.app, &self.themes.theme);
        self.terminal.draw(|frame| {
            if let Some(cursor) = view::draw(app, theme, frame.buffer_mut()) {
                frame.set_cursor_position(cursor);
            }
        })?;
        self.is_changed = false;
        self.drawn = Some(Instant::now());
        Ok(())
    }

    /// Suspends the app, and resumes when the shell continues it.
    pub(super) fn suspend(&mut self) -> Result<LoopControl, TuiError> {
        self.core.draft_saver.keep_all(&mut self.core.app);
        let paused = self.core.before_suspend.release();
        terminal::restore()?;
        rustix::process::kill_current_process_group(rustix::process::Signal::STOP)
            .map_err(io::Error::from)?;
        drop(paused);
        self.resume()
    }

    pub(super) fn resume(&mut self) -> Result<LoopControl, TuiError> {
        if self.editing.is_some() {
            return Ok(LoopControl::Continue);
        }
        terminal::take()?;
        self.measure()?;
        self.update(Event::Resumed)
    }

    /// Reads the current window size.
    pub(super) fn measure(&mut self) -> Result<LoopControl, TuiError> {
        if self.editing.is_some() {
            // The editor has the screen; `resume` measures again.
            return Ok(LoopControl::Continue);
        }
        let (width, height) = crossterm::terminal::size()?;
        let size = Size { width, height };
        if size != self.core.app.screen.size {
            self.clear_screen(size)?;
        }
        self.update(Event::Resize(size))
    }

    /// Clears the screen, so that every cell is drawn in the next frame.
    ///
    /// Not with `clear`: it queries the cursor position, and the reply would go to the input thread.
    pub(super) fn clear_screen(&mut self, size: Size) -> io::Result<()> {
        self.terminal
            .resize(Rect::new(0, 0, size.width, size.height))?;
        // Both buffers keep the memory of the largest window otherwise.
        for _ in 0..2 {
            self.terminal.current_buffer_mut().content.shrink_to_fit();
            self.terminal.swap_buffers();
        }
        Ok(())
    }
}
