//! Rewrites progenitor's code: open enums, `null` for an absent list, checked path segments, forms, requests as values.

mod expressions;
mod large_array;
mod methods;
mod open_enums;
mod options;
mod stream_form;
mod types;
mod unions;

use std::collections::{BTreeMap, BTreeSet};

use self::stream_form::ResponseForm;
pub use self::types::last_segment;

use anyhow::{Context, Result, bail};
use proc_macro2::TokenStream;
use syn::{ImplItem, Item};

use crate::generate::lower::Lowered;

/// Rewrites the whole file. Returns the structs for optional parameters, by family.
pub fn rewrite(file: &mut syn::File, lowered: &Lowered) -> Result<BTreeMap<String, TokenStream>> {
    let mut options: BTreeMap<String, TokenStream> = BTreeMap::new();
    let mut methods = BTreeSet::new();
    let mut successes = Vec::new();
    let mut constructors = 0;
    for item in &mut file.items {
        match item {
            Item::Mod(module) if module.ident == "types" => types::rewrite(module, lowered)?,
            Item::Impl(block) if block.trait_.is_none() => {
                let mut out = Vec::new();
                for item in std::mem::take(&mut block.items) {
                    match item {
                        ImplItem::Fn(method) if method.sig.asyncness.is_some() => {
                            let operation =
                                lowered.operations.iter().find(|operation| method.sig.ident == operation.id);
                            let operation = operation
                                .with_context(|| format!("no operation for the method {}", method.sig.ident))?;
                            methods.insert(operation.id.clone());
                            successes.extend(methods::success(&method).filter(|kind| !successes.contains(kind)));
                            if let Some(stream) = &operation.stream {
                                let method = stream_form::method(method.clone(), stream)?;
                                let form = ResponseForm::of_stream(stream);
                                let (request, send, _) = methods::split_method(method, operation, &form)?;
                                out.extend([ImplItem::Fn(request), ImplItem::Fn(send)]);
                            }
                            let form = ResponseForm::of(operation);
                            let (request, send, own) = methods::split_method(method, operation, &form)?;
                            if let Some(own) = own {
                                options.entry(operation.family.clone()).or_default().extend(own.code);
                            }
                            out.extend([ImplItem::Fn(request), ImplItem::Fn(send)]);
                        }
                        // It limits the time of whole uploads, and panics.
                        ImplItem::Fn(method) if method.sig.ident == "new" => constructors += 1,
                        other => out.push(other),
                    }
                }
                block.items = out;
            }
            _ => {}
        }
    }
    if constructors != 1 {
        bail!("expected one constructor `new` in the code of progenitor, found {constructors}");
    }
    if let Some(lost) = lowered.operations.iter().find(|operation| !methods.contains(&operation.id)) {
        bail!("progenitor generated no method for the operation {}", lost.id);
    }
    let types = file.items.iter().find_map(|item| match item {
        Item::Mod(module) if module.ident == "types" => module.content.as_ref(),
        _ => None,
    });
    let (_, types) = types.context("progenitor generated no types")?;
    let mut large = Vec::new();
    for success in &successes {
        large.extend(large_array::implementation(success, types)?);
    }
    file.items.extend(large);
    Ok(options)
}
