//! Rules about several fields.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use crate::x_rules::{Condition, Rule, Test};

/// The rule as a constant expression.
pub fn literal(rule: &Rule) -> TokenStream {
    let Rule { place, when, kind, fields, values, count, unconfirmed } = rule;
    let kind = format_ident!("{kind}");
    let when = when.iter().map(|Condition { field, test }| {
        let test = match test {
            Test::Present => quote! { Test::Present },
            Test::Absent => quote! { Test::Absent },
            Test::OneOf(values) => quote! { Test::OneOf(&[#(#values),*]) },
            Test::All(values) => quote! { Test::All(&[#(#values),*]) },
            Test::Only(values) => quote! { Test::Only(&[#(#values),*]) },
            Test::Mixed => quote! { Test::Mixed },
        };
        quote! { Condition { field: #field, test: #test } }
    });
    quote! {
        Rule {
            place: #place,
            when: &[#(#when),*],
            kind: RuleKind::#kind,
            fields: &[#(#fields),*],
            values: &[#(#values),*],
            count: #count,
            unconfirmed: #unconfirmed,
        }
    }
}
