//! Methods of the client: requests as values, forms as bodies, checked path segments.

use anyhow::{Context, Result, bail};
use quote::format_ident;
use syn::{Expr, FnArg, ImplItemFn, Pat, ReturnType, Stmt, Type, parse_quote, visit_mut::VisitMut};

use super::{
    expressions::{Rewrite, calls, string},
    large_array::inner,
    options::Options,
    stream_form::ResponseForm,
};
use crate::generate::{
    lower::{ErrorBody, Operation},
    names,
};

/// `op` becomes `op_request`, which builds the request, and `op`, which builds and sends it.
pub(super) fn split_method(
    mut method: ImplItemFn,
    operation: &Operation,
    form: &ResponseForm<'_>,
) -> Result<(ImplItemFn, ImplItemFn, Option<Options>)> {
    remove_version_header(&mut method.block.stmts, operation)?;
    let optional = if operation.optional_body { optional_body(&mut method) } else { None };
    let mut rewrite = Rewrite::new(operation, form, optional);
    rewrite.visit_block_mut(&mut method.block);
    let success: Type = match form.items {
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

/// Makes the argument `body` optional. Returns the type of the body.
fn optional_body(method: &mut ImplItemFn) -> Option<Type> {
    let bodies = method.sig.inputs.iter_mut().filter_map(|input| match input {
        FnArg::Typed(typed) if binds(&typed.pat, "body") => Some(typed),
        _ => None,
    });
    let argument = bodies.into_iter().next()?;
    let kind = inner(&argument.ty, "Option").unwrap_or(&argument.ty).clone();
    *argument.ty = parse_quote!(impl Into<Option<#kind>>);
    Some(kind)
}

fn binds(pattern: &Pat, name: &str) -> bool {
    matches!(pattern, Pat::Ident(ident) if ident.ident == name)
}

/// The type of the decoded body of an error response.
pub(super) fn error_type(operation: &Operation) -> Type {
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
            form_styles: None,
            optional_body: false,
            has_stream_flag: false,
            accept: None,
            items: None,
            stream: None,
            error: None,
            objects: Default::default(),
            renamed: Default::default(),
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
        let operation = operation();
        let form = ResponseForm::of(&operation);
        let split = |method| split_method(method, &operation, &form);
        let error = |method| split(method).expect_err("an error").to_string();
        assert!(split(method(encoded(), "api-version")).is_ok());
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
