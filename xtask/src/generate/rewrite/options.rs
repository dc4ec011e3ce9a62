//! Structs for the optional parameters of an operation, instead of many arguments that are `Option`s.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{FnArg, Ident, ImplItemFn, Pat, Stmt, Type, parse_quote};

use super::{large_array::inner, types::last_segment};
use crate::generate::{lower::Operation, names};

/// The struct of an operation.
#[derive(Debug)]
pub struct Options {
    /// The struct and its setters.
    pub code: TokenStream,
    name: Ident,
    fields: Vec<Ident>,
}

impl Options {
    /// Replaces the optional arguments of a method by one struct. `None` if there are none.
    pub(super) fn take(method: &mut ImplItemFn, operation: &Operation) -> Option<Self> {
        let mut fields: Vec<(Ident, Type)> = Vec::new();
        let inputs = std::mem::take(&mut method.sig.inputs);
        for input in inputs {
            match option(&input) {
                Some(field) => fields.push(field),
                None => method.sig.inputs.push(input),
            }
        }
        if fields.is_empty() {
            return None;
        }
        let name = format_ident!("{}", names::type_name(&format!("{}_options", operation.id)));
        let uses_lifetime = fields.iter().any(|(_, kind)| quote!(#kind).to_string().contains("'a"));
        let generics = uses_lifetime.then(|| quote!(<'a>));
        method.sig.inputs.push(parse_quote!(options: options::#name #generics));
        let code = structure(&name, &generics, &fields, operation);
        Some(Self { code, name, fields: fields.into_iter().map(|(ident, _)| ident).collect() })
    }

    /// The statement that makes the fields variables again.
    pub(super) fn unpack(&self) -> Stmt {
        let Self { name, fields, .. } = self;
        parse_quote!(let options::#name { #(#fields),* } = options;)
    }
}

/// The name and the type of an argument that is an `Option`.
fn option(input: &FnArg) -> Option<(Ident, Type)> {
    let FnArg::Typed(typed) = input else { return None };
    let Pat::Ident(ident) = &*typed.pat else { return None };
    (last_segment(&typed.ty)? == "Option").then(|| (ident.ident.clone(), (*typed.ty).clone()))
}

fn structure(
    name: &Ident,
    generics: &Option<TokenStream>,
    fields: &[(Ident, Type)],
    operation: &Operation,
) -> TokenStream {
    let plain = |ident: &Ident| ident.to_string().trim_start_matches("r#").trim_matches('_').to_owned();
    let docs: BTreeMap<String, String> = operation
        .params
        .iter()
        .filter_map(|param| Some((plain(&names::identifier(&param.name)), param.documentation()?)))
        .collect();
    let (idents, kinds): (Vec<&Ident>, Vec<&Type>) = fields.iter().map(|(ident, kind)| (ident, kind)).unzip();
    let docs: Vec<String> = idents
        .iter()
        .map(|ident| docs.get(&plain(ident)).cloned().unwrap_or_else(|| format!("`{}`.", plain(ident))))
        .collect();
    let values = kinds.iter().map(|kind| inner(kind, "Option"));
    let doc = format!("Optional parameters of [`Client::{0}`](crate::Client::{0}).", operation.id);
    quote! {
        #[doc = #doc]
        #[derive(Clone, Debug, Default)]
        pub struct #name #generics { #(#[doc = #docs] pub #idents: #kinds),* }

        impl #generics #name #generics {
            #(
                #[doc = #docs]
                pub fn #idents(mut self, value: #values) -> Self {
                    self.#idents = Some(value);
                    self
                }
            )*
        }
    }
}
