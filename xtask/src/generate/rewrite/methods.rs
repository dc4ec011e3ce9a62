//! Methods of the client: requests as values, forms as bodies, checked path segments.

use anyhow::{Context, Result, bail};
use quote::{ToTokens, format_ident};
use syn::{
    Expr, ExprCall, ExprLit, FnArg, ImplItemFn, Lit, Pat, ReturnType, Stmt, Type, parse_quote,
    visit_mut::{self, VisitMut},
};

use super::options::Options;
use crate::generate::{
    lower::{ErrorBody, Operation},
    names,
};

/// `op` becomes `op_request`, which builds the request, and `op`, which builds and sends it.
pub(super) fn split_method(
    mut method: ImplItemFn,
    operation: &Operation,
) -> Result<(ImplItemFn, ImplItemFn, Option<Options>)> {
    remove_version_header(&mut method.block.stmts, operation)?;
    let mut rewrite = Rewrite {
        operation,
        servers: 0,
        paths: 0,
        objects: 0,
        bodies: 0,
        raw_bodies: 0,
        json_bodies: 0,
        accepts: 0,
        streams: 0,
        errors: 0,
    };
    rewrite.visit_block_mut(&mut method.block);
    let success: Type = match &operation.items {
        Some((_, item)) => {
            let item = format_ident!("{item}");
            parse_quote!(crate::runtime::ItemStream<types::#item>)
        }
        None => success(&method).with_context(|| format!("{}: not a Result<ResponseValue<_>, _>", operation.id))?,
    };
    let error = error_type(operation);
    method.sig.output = parse_quote!(-> Result<ResponseValue<#success>, Error<#error>>);
    rewrite.check()?;

    if let Some(form) = &operation.form {
        let name = format_ident!("{}", form.name);
        method.sig.generics = parse_quote!(<'a>);
        let body = method.sig.inputs.iter_mut().find_map(|input| match input {
            FnArg::Typed(typed) if binds(&typed.pat, "body") => Some(typed),
            _ => None,
        });
        let body = body.context("progenitor made no body for the form")?;
        *body.ty = parse_quote!(crate::runtime::Multipart<forms::#name>);
    }
    let at = method
        .block
        .stmts
        .iter()
        .position(|statement| matches!(statement, Stmt::Local(local) if binds(&local.pat, "info")));
    let at = at.with_context(|| format!("{}: the method of progenitor has no `info`", operation.id))?;
    let rest = method.block.stmts.split_off(at);
    let last = method.block.stmts.last_mut();
    let Some(Stmt::Local(local)) = last else { bail!("{}: no request before `info`", operation.id) };
    let pattern = local.pat.clone();
    let built = local.init.take().with_context(|| format!("{}: a request without a value", operation.id))?.expr;

    let options = Options::take(&mut method, operation);
    let arguments = method.sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(&typed.pat),
        FnArg::Receiver(_) => None,
    });
    let request_name = format_ident!("{}_request", method.sig.ident);
    let constant = names::constant(&operation.id);

    // A request that cannot be built has no error body.
    let untyped = operation.error.is_some().then(|| quote::quote!(.map_err(crate::runtime::without_body)));
    let send_body: Vec<Stmt> = parse_quote! {
        #[allow(unused_mut)]
        let #pattern = self.#request_name(#(#arguments),*) #untyped ?.request;
    };
    let mut request = method.clone();
    method.block.stmts = send_body.into_iter().chain(rest).collect();

    request.block.stmts.pop();
    if let Some(options) = &options {
        request.block.stmts.insert(0, options.unpack());
    }
    request.block.stmts.extend::<Vec<Stmt>>(parse_quote! {
        let built = #built;
    });
    request
        .block
        .stmts
        .push(Stmt::Expr(parse_quote!(Ok(crate::runtime::ApiRequest::new(built, &operations::#constant))), None));
    let doc = format!("Builds the request of [`Self::{}`], without the API key.", method.sig.ident);
    request.attrs = vec![parse_quote!(#[doc = #doc])];
    request.sig.ident = request_name;
    request.sig.asyncness = None;
    request.sig.output = parse_quote!(-> Result<crate::runtime::ApiRequest<#success>, Error<()>>);
    Ok((request, method, options))
}

fn binds(pattern: &Pat, name: &str) -> bool {
    matches!(pattern, Pat::Ident(ident) if ident.ident == name)
}

/// The type of the decoded body of an error response.
fn error_type(operation: &Operation) -> Type {
    match &operation.error {
        Some(ErrorBody::Named(name)) => {
            let name = format_ident!("{name}");
            parse_quote!(types::#name)
        }
        Some(ErrorBody::Json) => parse_quote!(::serde_json::Value),
        None => parse_quote!(()),
    }
}

/// The `T` of `Result<ResponseValue<T>, …>`.
fn success_type(output: &Type) -> Option<&Type> {
    fn argument(kind: &Type) -> Option<&Type> {
        let Type::Path(path) = kind else { return None };
        let syn::PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments else { return None };
        arguments.args.iter().find_map(|argument| match argument {
            syn::GenericArgument::Type(kind) => Some(kind),
            _ => None,
        })
    }
    argument(argument(output)?)
}

/// The success type of the method of an operation.
pub(super) fn success(method: &ImplItemFn) -> Option<Type> {
    match &method.sig.output {
        ReturnType::Type(_, output) => success_type(output).cloned(),
        ReturnType::Default => None,
    }
}

/// progenitor sends the version of the document with every request. The API has no such header.
fn remove_version_header(statements: &mut Vec<Stmt>, operation: &Operation) -> Result<()> {
    let before = statements.len();
    statements.retain(|statement| !appends_header(statement, "api-version"));
    match before - statements.len() {
        1 => Ok(()),
        found => bail!("{}: expected one statement that sends the header api-version, found {found}", operation.id),
    }
}

/// `header_map.append(HeaderName::from_static("name"), …);`
fn appends_header(statement: &Stmt, name: &str) -> bool {
    let Stmt::Expr(Expr::MethodCall(append), _) = statement else { return false };
    let Some(Expr::Call(header)) = append.args.first() else { return false };
    append.method == "append"
        && calls(header, &["HeaderName", "from_static"])
        && string(header.args.first()).is_some_and(|text| text == name)
}

/// The value of a string literal.
fn string(expression: Option<&Expr>) -> Option<String> {
    match expression {
        Some(Expr::Lit(ExprLit { lit: Lit::Str(text), .. })) => Some(text.value()),
        _ => None,
    }
}

/// Whether the last segments of the path of the called function are these.
fn calls(call: &ExprCall, last: &[&str]) -> bool {
    let Expr::Path(function) = &*call.func else { return false };
    let segments = &function.path.segments;
    segments.len() >= last.len() && segments.iter().rev().zip(last.iter().rev()).all(|(own, name)| own.ident == name)
}

/// Rewrites expressions and counts how often, so that code of an unexpected shape is an error.
struct Rewrite<'o> {
    operation: &'o Operation,
    servers: usize,
    paths: usize,
    objects: usize,
    bodies: usize,
    raw_bodies: usize,
    json_bodies: usize,
    accepts: usize,
    streams: usize,
    errors: usize,
}

impl Rewrite<'_> {
    fn check(&self) -> Result<()> {
        let operation = self.operation;
        let counts = [
            ("servers", self.servers, usize::from(operation.server.is_some())),
            ("path parameters", self.paths, operation.path.matches('{').count()),
            ("object parameters", self.objects, operation.objects.len()),
            ("form bodies", self.bodies, usize::from(operation.form.is_some())),
            ("raw bodies", self.raw_bodies, usize::from(operation.raw_body.is_some())),
            ("JSON bodies of other media types", self.json_bodies, usize::from(operation.json_body.is_some())),
            ("streams of items", self.streams, usize::from(operation.items.is_some())),
            ("unexpected responses", self.errors.min(1), usize::from(operation.error.is_some())),
            ("accepted media types", self.accepts, usize::from(operation.accept.is_some())),
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
                let style = string(call.args.first()).and_then(|name| self.operation.objects.get(&name));
                self.objects += usize::from(style.is_some());
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
                self.operation.items.as_ref().map(|(reader, _)| {
                    self.streams += 1;
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
            // reqwest keeps a media type that is set before.
            Expr::MethodCall(call) if call.method == "json" => self.operation.json_body.as_ref().map(|media_type| {
                self.json_bodies += 1;
                let (receiver, arguments) = (&call.receiver, &call.args);
                parse_quote!(#receiver.header(::reqwest::header::CONTENT_TYPE, ::reqwest::header::HeaderValue::from_static(#media_type)).json(#arguments))
            }),
            Expr::MethodCall(call) if call.method == "build" => self.operation.accept.as_ref().map(|accept| {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::x_effect::Effect;

    fn operation() -> Operation {
        Operation {
            id: "get".into(),
            method: "GET".into(),
            path: "/a/{id}".into(),
            effect: Effect::Read,
            server: None,
            family: "a".into(),
            params: Vec::new(),
            rules: Vec::new(),
            form: None,
            raw_body: None,
            json_body: None,
            accept: None,
            items: None,
            error: None,
            objects: Default::default(),
        }
    }

    #[test]
    fn code_of_an_unexpected_shape_is_an_error() {
        let method = |url: Expr, version: &str| -> ImplItemFn {
            parse_quote! {
                pub async fn get<'a>(&'a self, id: &'a str) -> Result<ResponseValue<()>, Error<()>> {
                    let url = #url;
                    header_map.append(HeaderName::from_static(#version), HeaderValue::from_static("1"));
                    let mut request = self.client.get(url).build()?;
                    let info = OperationInfo { operation_id: "get" };
                    Ok(request)
                }
            }
        };
        let encoded = || parse_quote!(format!("{}/a/{}", self.baseurl, encode_path(&id.to_string())));
        let error = |method| split_method(method, &operation()).expect_err("an error").to_string();
        assert!(split_method(method(encoded(), "api-version"), &operation()).is_ok());
        assert_eq!(
            error(method(encoded(), "version")),
            "get: expected one statement that sends the header api-version, found 0"
        );
        assert_eq!(
            error(method(parse_quote!(format!("{}/a/{}", self.baseurl, id)), "api-version")),
            "get: expected 1 path parameters in the code of progenitor, found 0"
        );
    }
}
