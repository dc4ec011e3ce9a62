//! Methods: requests as values, forms as bodies, checked path segments.

use anyhow::{Context, Result, bail};
use quote::{ToTokens, format_ident};
use syn::{
    Expr, FnArg, ImplItemFn, Pat, ReturnType, Stmt, Type, parse_quote,
    visit_mut::{self, VisitMut},
};

use crate::{lower::Operation, names};

/// `op` becomes `op_request`, which builds the request, and `op`, which builds and sends it.
pub(super) fn split_method(mut method: ImplItemFn, operation: &Operation) -> Result<(ImplItemFn, ImplItemFn)> {
    // progenitor announces the version of the document on every call; the platform has no such header.
    Rewrite { form: operation.form.is_some(), accept: operation.accept.as_deref(), objects: &operation.objects }
        .visit_block_mut(&mut method.block);
    method
        .block
        .stmts
        .retain(|statement| !statement.to_token_stream().to_string().contains("from_static (\"api-version\")"));

    if let Some(form) = &operation.form {
        let name = format_ident!("{}", form.name);
        method.sig.generics = parse_quote!(<'a>);
        let body = method.sig.inputs.iter_mut().find_map(|input| match input {
            FnArg::Typed(typed) if typed.pat.to_token_stream().to_string() == "body" => Some(typed),
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
    let at = at.with_context(|| format!("the method {} has another shape than expected", operation.id))?;
    let rest = method.block.stmts.split_off(at);
    let last = method.block.stmts.last_mut();
    let Some(Stmt::Local(local)) = last else { bail!("the method {} does not end in a request", operation.id) };
    let pattern = local.pat.clone();
    let built = local.init.take().context("a request without a value")?.expr;

    let ReturnType::Type(_, output) = &method.sig.output else { bail!("{} returns nothing", operation.id) };
    let success =
        success_type(output).with_context(|| format!("{} has another return type than expected", operation.id))?;
    let arguments = method.sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(&typed.pat),
        FnArg::Receiver(_) => None,
    });
    let request_name = format_ident!("{}_request", method.sig.ident);
    let constant = names::constant(&operation.id);

    let send_body: Vec<Stmt> = parse_quote! {
        #[allow(unused_mut)]
        let #pattern = self.#request_name(#(#arguments),*)?.request;
    };
    let mut request = method.clone();
    method.block.stmts = send_body.into_iter().chain(rest).collect();

    request.block.stmts.pop();
    request.block.stmts.extend::<Vec<Stmt>>(parse_quote! {
        let built = #built;
    });
    request
        .block
        .stmts
        .push(Stmt::Expr(parse_quote!(Ok(crate::runtime::ApiRequest::new(built, &operations::#constant))), None));
    let doc = format!("The request of [`Self::{}`], not sent. It has no key in it.", method.sig.ident);
    request.attrs = vec![parse_quote!(#[doc = #doc])];
    request.sig.ident = request_name;
    request.sig.asyncness = None;
    request.sig.output = parse_quote!(-> Result<crate::runtime::ApiRequest<#success>, Error<()>>);
    Ok((request, method))
}

fn binds(pattern: &Pat, name: &str) -> bool {
    matches!(pattern, Pat::Ident(ident) if ident.ident == name)
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

/// What the method of an operation gives in the end.
pub(super) fn answer(method: &ImplItemFn) -> Option<Type> {
    match &method.sig.output {
        ReturnType::Type(_, output) => success_type(output).cloned(),
        ReturnType::Default => None,
    }
}

struct Rewrite<'o> {
    form: bool,
    accept: Option<&'o str>,
    objects: &'o [String],
}

impl VisitMut for Rewrite<'_> {
    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        visit_mut::visit_expr_mut(self, expression);
        let replacement: Option<Expr> = match expression {
            Expr::Call(call) if call.func.to_token_stream().to_string() == "encode_path" => {
                let argument = call.args.first();
                Some(parse_quote!(crate::runtime::path_segment(#argument).map_err(Error::InvalidRequest)?))
            }
            Expr::Call(call) if call.func.to_token_stream().to_string().ends_with("QueryParam :: new") => {
                let is_object = matches!(call.args.first(), Some(Expr::Lit(literal)) if matches!(&literal.lit, syn::Lit::Str(name) if self.objects.contains(&name.value())));
                let arguments = &call.args;
                is_object.then(|| parse_quote!(crate::runtime::object_query(#arguments)))
            }
            // `.header(CONTENT_TYPE, …).body(body)` is how progenitor sends a raw body.
            Expr::MethodCall(call) if self.form && call.method == "body" => match &*call.receiver {
                Expr::MethodCall(header) if header.method == "header" => {
                    let receiver = &header.receiver;
                    Some(parse_quote!(body.put_on(#receiver)))
                }
                _ => None,
            },
            Expr::MethodCall(call) if call.method == "build" => self.accept.map(|accept| {
                let receiver = &call.receiver;
                parse_quote!(#receiver.header(::reqwest::header::ACCEPT, ::reqwest::header::HeaderValue::from_static(#accept)).build())
            }),
            _ => None,
        };
        if let Some(replacement) = replacement {
            *expression = replacement;
        }
    }

    /// The path is put together inside `format!`, which is tokens to syn.
    fn visit_macro_mut(&mut self, call: &mut syn::Macro) {
        let parser = syn::punctuated::Punctuated::<Expr, syn::Token![,]>::parse_terminated;
        if let Ok(mut arguments) = call.parse_body_with(parser) {
            arguments.iter_mut().for_each(|argument| self.visit_expr_mut(argument));
            call.tokens = arguments.to_token_stream();
        }
    }
}
