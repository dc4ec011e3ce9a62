//! Constants for parameters and their limits.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::option;
use crate::generate::{
    lower::{Operation, Param},
    names::{constant, identifier},
};

/// The module with the parameters of an operation.
pub fn module(operation: &Operation) -> TokenStream {
    let name = identifier(&operation.id);
    let doc = format!("`{} {}`", operation.method, operation.path);
    let mut taken = BTreeSet::from(["ALL".to_owned()]);
    let names: Vec<Ident> = operation
        .params
        .iter()
        .map(|param| {
            // A path parameter and a property of the body may have the same name.
            let plain = constant(&param.name);
            let mut name = plain.clone();
            let mut counter = 2;
            while !taken.insert(name.to_string()) {
                name = format_ident!("{plain}_{counter}");
                counter += 1;
            }
            name
        })
        .collect();
    let constants = operation.params.iter().zip(&names).map(|(param, name)| param_constant(param, name));
    quote! {
        #[doc = #doc]
        pub mod #name {
            use crate::runtime::Param;
            #(#constants)*
            /// All of them.
            pub const ALL: &[Param] = &[#(#names),*];
        }
    }
}

/// The constant of a parameter.
pub fn param_constant(param: &Param, ident: &Ident) -> TokenStream {
    fn value<T: quote::ToTokens>(value: Option<T>) -> TokenStream {
        match value {
            Some(value) => quote! { Some(#value) },
            None => quote! { None },
        }
    }
    let name = &param.name;
    let (minimum, exclusive_minimum) = (value(param.minimum), value(param.exclusive_minimum));
    let (maximum, exclusive_maximum) = (value(param.maximum), value(param.exclusive_maximum));
    let (min_length, max_length) = (value(param.min_length), value(param.max_length));
    let default = option(param.default.as_deref());
    let doc = param.documentation().unwrap_or_else(|| format!("`{name}`"));
    quote! {
        #[doc = #doc]
        pub const #ident: Param = Param {
            name: #name,
            minimum: #minimum,
            exclusive_minimum: #exclusive_minimum,
            maximum: #maximum,
            exclusive_maximum: #exclusive_maximum,
            min_length: #min_length,
            max_length: #max_length,
            default: #default,
        };
    }
}
