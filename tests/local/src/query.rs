//! Query parameters of lists and of operations without any.

use chrono::{DateTime, Utc};
use twelvelabs_api::{runtime::Param, types::PageInfo};

use crate::{error_response::ErrorResponse, state::ServerState, undocumented_behaviour::UndocumentedBehaviour};

/// The decoded parameters, in order.
pub(crate) fn pairs(query: Option<&str>) -> Vec<(String, String)> {
    form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect()
}

/// Refuses every parameter.
pub(crate) fn none(query: Option<&str>) -> Result<(), ErrorResponse> {
    pairs(query).first().map_or(Ok(()), |(name, _)| Err(ErrorResponse::unknown(name)))
}

/// Parses a time.
pub(crate) fn time(value: &str, rule: &Param) -> Result<DateTime<Utc>, ErrorResponse> {
    let time = DateTime::parse_from_rfc3339(value).map(|time| time.to_utc());
    time.map_err(|_| ErrorResponse::invalid(rule.name, "should be an RFC 3339 time"))
}

/// The requested page of a list.
#[derive(Debug)]
pub(crate) struct Paging {
    page: u64,
    limit: u64,
    page_rule: &'static Param,
    limit_rule: &'static Param,
}

impl Paging {
    /// The default page of a list with these parameters.
    pub(crate) fn new(page_rule: &'static Param, limit_rule: &'static Param) -> Self {
        let default = |rule: &Param| rule.default_number().unwrap_or(1.0) as u64;
        Self { page: default(page_rule), limit: default(limit_rule), page_rule, limit_rule }
    }

    /// Sets one of the two parameters. Returns `false` if this is another parameter.
    pub(crate) fn set(&mut self, state: &ServerState, name: &str, value: &str) -> Result<bool, ErrorResponse> {
        let number = |rule: &Param| {
            let number = value.parse::<u64>().ok();
            let clamps =
                state.has_behaviour(UndocumentedBehaviour::PageLimitClamped) && rule.name == self.limit_rule.name;
            let clamped = number.filter(|_| clamps).zip(rule.maximum).map(|(number, most)| number.min(most as u64));
            let invalid = || ErrorResponse::invalid(rule.name, format!("should be a whole number, {}", rule.range()));
            clamped.or(number).filter(|number| rule.allows(*number as f64)).ok_or_else(invalid)
        };
        match name {
            name if name == self.page_rule.name => self.page = number(self.page_rule)?,
            name if name == self.limit_rule.name => self.limit = number(self.limit_rule)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// How many items to skip and to take.
    pub(crate) fn range(&self) -> (usize, usize) {
        let skip = (self.page - 1).saturating_mul(self.limit);
        (usize::try_from(skip).unwrap_or(usize::MAX), usize::try_from(self.limit).unwrap_or(usize::MAX))
    }

    /// The `page_info` of the response.
    pub(crate) fn info(&self, state: &ServerState, total: usize) -> Result<PageInfo, ErrorResponse> {
        let pages = (total as u64).div_ceil(self.limit);
        if self.page > pages.max(1) && state.has_behaviour(UndocumentedBehaviour::PageBeyondRefused) {
            return Err(ErrorResponse::invalid(self.page_rule.name, format!("should be at most {}", pages.max(1))));
        }
        let mut info = PageInfo::new();
        (info.page, info.total_page) = (Some(self.page), Some(pages));
        info.limit_per_page = Some(self.limit);
        info.total_results = Some(total as u64);
        Ok(info)
    }
}

/// Checks the form of an id: 24 hexadecimal digits.
pub(crate) fn id(value: &str, rule: &Param) -> Result<(), ErrorResponse> {
    if value.len() == 24 && value.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(());
    }
    Err(ErrorResponse::invalid(rule.name, "should be an id"))
}

/// A list as JSON. The generated types leave out an empty list, which the official Python SDK turns into `None`.
pub(crate) fn list_body(response: impl serde::Serialize) -> Result<serde_json::Value, ErrorResponse> {
    let mut body = serde_json::to_value(response).map_err(ErrorResponse::internal)?;
    if let Some(object) = body.as_object_mut() {
        object.entry("data").or_insert_with(|| serde_json::Value::Array(Vec::new()));
    }
    Ok(body)
}
