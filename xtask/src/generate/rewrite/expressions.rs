//! Expressions in the methods of progenitor.

use anyhow::{Result, bail};
use quote::{ToTokens, format_ident};
use syn::{
    Expr, ExprCall, ExprLit, Lit, Type, parse_quote,
    visit_mut::{self, VisitMut},
};

use super::{methods::error_type, stream_form::ResponseForm};
use crate::generate::lower::{ItemReader, Operation};

/// The value of a string literal.
pub(super) fn string(expression: Option<&Expr>) -> Option<String> {
    match expression {
        Some(Expr::Lit(ExprLit { lit: Lit::Str(text), .. })) => Some(text.value()),
        _ => None,
    }
}

/// Whether the last segments of the path of the called function are these.
pub(super) fn calls(call: &ExprCall, last: &[&str]) -> bool {
    let Expr::Path(function) = &*call.func else { return false };
    let segments = &function.path.segments;
    segments.len() >= last.len() && segments.iter().rev().zip(last.iter().rev()).all(|(own, name)| own.ident == name)
}

/// Rewrites expressions and counts how often, so that code of an unexpected shape is an error.
pub(super) struct Rewrite<'o> {
    operation: &'o Operation,
    form: &'o ResponseForm<'o>,
    /// The type of a body that may be absent.
    optional: Option<Type>,
    forms: usize,
    optional_bodies: usize,
    servers: usize,
    paths: usize,
    objects: usize,
    renamed: usize,
    bodies: usize,
    raw_bodies: usize,
    json_bodies: usize,
    accepts: usize,
    streams: usize,
    errors: usize,
}

impl<'o> Rewrite<'o> {
    pub(super) fn new(operation: &'o Operation, form: &'o ResponseForm<'o>, optional: Option<Type>) -> Self {
        Self {
            operation,
            form,
            optional,
            forms: 0,
            optional_bodies: 0,
            servers: 0,
            paths: 0,
            objects: 0,
            renamed: 0,
            bodies: 0,
            raw_bodies: 0,
            json_bodies: 0,
            accepts: 0,
            streams: 0,
            errors: 0,
        }
    }

    /// The body as an `Option`.
    fn body(&mut self) -> Expr {
        match &self.optional {
            Some(kind) => {
                self.optional_bodies += 1;
                parse_quote!(::std::convert::Into::<Option<#kind>>::into(body))
            }
            None => parse_quote!(Some(body)),
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        let operation = self.operation;
        let counts = [
            ("servers", self.servers, usize::from(operation.server.is_some())),
            ("path parameters", self.paths, operation.path.matches('{').count()),
            ("object parameters", self.objects, operation.objects.len()),
            ("renamed parameters", self.renamed, operation.renamed.len()),
            ("form bodies", self.bodies, usize::from(operation.form.is_some())),
            ("urlencoded bodies", self.forms, usize::from(operation.form_styles.is_some())),
            ("optional bodies", self.optional_bodies, usize::from(operation.optional_body)),
            ("raw bodies", self.raw_bodies, usize::from(operation.raw_body.is_some())),
            ("JSON bodies of other media types", self.json_bodies, usize::from(operation.json_body.is_some())),
            ("streams of items", self.streams, usize::from(self.form.items.is_some())),
            ("unexpected responses", self.errors.min(1), usize::from(operation.error.is_some())),
            ("accepted media types", self.accepts, usize::from(self.form.accept.is_some())),
        ];
        for (what, found, expected) in counts {
            if found != expected {
                bail!("{}: expected {expected} {what} in the code of progenitor, found {found}", operation.id);
            }
        }
        Ok(())
    }
}

impl VisitMut for Rewrite<'_> {
    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        visit_mut::visit_expr_mut(self, expression);
        let replacement: Option<Expr> = match expression {
            Expr::Field(field) if matches!(&field.member, syn::Member::Named(name) if name == "baseurl") => {
                self.operation.server.as_ref().map(|server| {
                    self.servers += 1;
                    parse_quote!(crate::runtime::server_url(&#field, #server))
                })
            }
            Expr::Call(call) if calls(call, &["encode_path"]) => {
                self.paths += 1;
                let argument = call.args.first();
                Some(parse_quote!(crate::runtime::path_segment(#argument).map_err(Error::InvalidRequest)?))
            }
            Expr::Call(call) if calls(call, &["QueryParam", "new"]) => {
                let name = string(call.args.first()).unwrap_or_default();
                let style = self.operation.objects.get(&name);
                self.objects += usize::from(style.is_some());
                if let (Some(wire), Some(first)) = (self.operation.renamed.get(&name), call.args.first_mut()) {
                    self.renamed += 1;
                    *first = parse_quote!(#wire);
                }
                let arguments = &call.args;
                style.map(|style| {
                    let style = format_ident!("{style:?}");
                    parse_quote!(crate::runtime::object_query(crate::runtime::ObjectStyle::#style, #arguments))
                })
            }
            // `.header(CONTENT_TYPE, …).body(body)` is how progenitor sends a raw body.
            Expr::MethodCall(call) if self.operation.form.is_some() && call.method == "body" => match &*call.receiver {
                Expr::MethodCall(header) if header.method == "header" => {
                    self.bodies += 1;
                    let receiver = &header.receiver;
                    Some(parse_quote!(body.put_on(#receiver)))
                }
                _ => None,
            },
            Expr::Call(call) if calls(call, &["ResponseValue", "stream"]) => {
                self.form.items.map(|(reader, _)| {
                    self.streams += 1;
                    let reader = match reader {
                        ItemReader::Events => "events",
                        ItemReader::JsonLines => "json_lines",
                        ItemReader::ByMediaType => {
                            let response = &call.args;
                            return parse_quote!(crate::runtime::item_stream(#response));
                        }
                    };
                    let reader = format_ident!("{reader}");
                    let error = error_type(self.operation);
                    parse_quote!(#call.map::<_, _, Error<#error>>(crate::runtime::ItemStream::#reader)?)
                })
            }
            Expr::Call(call) if self.operation.error.is_some() && calls(call, &["Error", "UnexpectedResponse"]) => {
                self.errors += 1;
                let response = &call.args;
                Some(parse_quote!(crate::runtime::error_response(#response).await))
            }
            // Any media type of a raw body is lowered to this one.
            Expr::Call(call) if calls(call, &["HeaderValue", "from_static"]) => {
                let media_type = self.operation.raw_body.as_ref();
                let is_raw = string(call.args.first()).is_some_and(|text| text == "application/octet-stream");
                media_type.filter(|_| is_raw).map(|media_type| {
                    self.raw_bodies += 1;
                    parse_quote!(::reqwest::header::HeaderValue::from_static(#media_type))
                })
            }
            Expr::MethodCall(call) if call.method == "form_urlencoded" => {
                self.forms += 1;
                let (receiver, body) = (&call.receiver, self.body());
                let styles = self.operation.form_styles.iter().flatten().map(|(name, style)| {
                    let style = format_ident!("{style:?}");
                    quote::quote!((#name, crate::runtime::ObjectStyle::#style))
                });
                Some(parse_quote!(crate::runtime::urlencoded(#receiver, &[#(#styles),*], #body)))
            }
            Expr::MethodCall(call) if call.method == "json" && self.optional.is_some() => {
                self.json_bodies += usize::from(self.operation.json_body.is_some());
                let (receiver, body) = (&call.receiver, self.body());
                let media_type = self.operation.json_body.as_deref().unwrap_or("application/json");
                Some(parse_quote!(crate::runtime::optional_json(#receiver, #media_type, #body)))
            }
            // reqwest keeps a media type that is set before.
            Expr::MethodCall(call) if call.method == "json" => self.operation.json_body.as_ref().map(|media_type| {
                self.json_bodies += 1;
                let (receiver, arguments) = (&call.receiver, &call.args);
                parse_quote!(#receiver.header(::reqwest::header::CONTENT_TYPE, ::reqwest::header::HeaderValue::from_static(#media_type)).json(#arguments))
            }),
            Expr::MethodCall(call) if call.method == "build" => self.form.accept.map(|accept| {
                self.accepts += 1;
                let receiver = &call.receiver;
                parse_quote!(#receiver.header(::reqwest::header::ACCEPT, ::reqwest::header::HeaderValue::from_static(#accept)).build())
            }),
            _ => None,
        };
        if let Some(replacement) = replacement {
            *expression = replacement;
        }
    }

    /// The URL is built by `format!`, whose arguments are tokens to syn.
    fn visit_macro_mut(&mut self, call: &mut syn::Macro) {
        let parser = syn::punctuated::Punctuated::<Expr, syn::Token![,]>::parse_terminated;
        if let Ok(mut arguments) = call.parse_body_with(parser) {
            arguments.iter_mut().for_each(|argument| self.visit_expr_mut(argument));
            call.tokens = arguments.to_token_stream();
        }
    }
}
