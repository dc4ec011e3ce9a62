//! Responses that are JSON or a stream: the method for the stream.

use anyhow::{Result, bail};
use quote::format_ident;
use syn::{
    Expr, ImplItemFn, parse_quote,
    visit_mut::{self, VisitMut},
};

use super::expressions::calls;
use crate::generate::lower::{ItemReader, Operation, StreamForm};

/// The form of the response that a method returns.
pub(super) struct ResponseForm<'o> {
    /// Media type, if it is not JSON.
    pub(super) accept: Option<&'o str>,
    /// The reader and the type of the items of a stream.
    pub(super) items: Option<(ItemReader, &'o str)>,
}

impl<'o> ResponseForm<'o> {
    pub(super) fn of(operation: &'o Operation) -> Self {
        Self::new(&operation.accept, &operation.items)
    }

    pub(super) fn of_stream(stream: &'o StreamForm) -> Self {
        Self::new(&stream.accept, &stream.items)
    }

    fn new(accept: &'o Option<String>, items: &'o Option<(ItemReader, String)>) -> Self {
        let items = items.as_ref().map(|(reader, item)| (*reader, item.as_str()));
        Self { accept: accept.as_deref(), items }
    }
}

/// The method of progenitor for a JSON response as one for a byte stream, under the name of the stream.
pub(super) fn method(mut method: ImplItemFn, stream: &StreamForm) -> Result<ImplItemFn> {
    let id = method.sig.ident.to_string();
    method.sig.ident = format_ident!("{}", stream.method);
    method.sig.output = parse_quote!(-> Result<ResponseValue<ByteStream>, Error<()>>);
    let mut rewrite = Streamed { without_accept: stream.accept.is_some(), accepts: 0, responses: 0 };
    rewrite.visit_block_mut(&mut method.block);
    if (rewrite.accepts, rewrite.responses) != (usize::from(stream.accept.is_some()), 1) {
        bail!("{id}: expected one header `Accept` and one JSON response in the code of progenitor");
    }
    let flag = match stream.accept {
        Some(_) => "",
        None => " The request must ask for it with its property `stream`.",
    };
    let doc = format!("\nThe same as [`Self::{id}`], with a response that is a stream.{flag}");
    method.attrs.push(parse_quote!(#[doc = #doc]));
    Ok(method)
}

/// Turns decoding of JSON into a byte stream.
struct Streamed {
    /// Whether the header `Accept` is removed, because another one is added later.
    without_accept: bool,
    accepts: usize,
    responses: usize,
}

impl VisitMut for Streamed {
    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        visit_mut::visit_expr_mut(self, expression);
        let replacement: Option<Expr> = match expression {
            Expr::MethodCall(call) if self.without_accept && call.method == "header" => match call.args.first() {
                Some(Expr::Path(name)) if name.path.segments.last().is_some_and(|last| last.ident == "ACCEPT") => {
                    self.accepts += 1;
                    Some((*call.receiver).clone())
                }
                _ => None,
            },
            Expr::Await(waiting) => match &*waiting.base {
                Expr::Call(call) if calls(call, &["ResponseValue", "from_response"]) => {
                    self.responses += 1;
                    let response = &call.args;
                    Some(parse_quote!(Ok(ResponseValue::stream(#response))))
                }
                _ => None,
            },
            _ => None,
        };
        if let Some(replacement) = replacement {
            *expression = replacement;
        }
    }
}
