//! Text messages: a code on its way to a user's mobile phone, through a gateway that the firm pays for.
//!
//! A gateway speaks [Twilio's form](twilio), which others speak too, or any other that a [template](Template) can say. The
//! [`Settings`] hold no secret; whoever makes a [`Gateway`] brings it along. What goes wrong has a name, somebody who can fix it and
//! a next step: [`Trouble`].
//!
//! A request goes out once: it is neither repeated nor redirected, since a second one would cost money and ring twice. What a
//! gateway answers may hold the number and the text, so nothing of it is ever shown but status and code.

mod gateway;
mod settings;
mod template;
mod trouble;
mod twilio;

pub use gateway::{Delivery, Gateway, Receipt};
pub use settings::Settings;
pub use template::{BodyFormat, Method, Template};
pub use trouble::Trouble;
