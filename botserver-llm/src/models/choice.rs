//! What settings and configuration say about one model.

use botlib::Secret;
use botstate::dialog::Settings;

use crate::{
    endpoint::Endpoint,
    provider::{Kind, Place},
    service::LlmConfig,
};

/// Where a key without an address belongs.
const OPENAI: &str = "https://api.openai.com/v1";

/// What servers of a single model, which ignore the name, are asked for.
pub(super) const UNNAMED: &str = "default";

/// The alias of the model that settings without an alias describe.
pub(super) const DEFAULT: &str = "default";

/// One model at one place.
pub(super) struct Choice {
    pub(super) kind: Kind,
    pub(super) endpoint: Endpoint,
    pub(super) key: Option<Secret>,
    /// Whether the key is the bot's and not the server's.
    pub(super) has_own_key: bool,
    pub(super) model: String,
}

/// An address and what kind of provider is there.
struct Address<'a> {
    base: &'a str,
    kind: Kind,
    /// Whether somebody named it, so that it need not be a service of many models.
    is_named: bool,
}

/// The models that a bot has, by their aliases; the default one alone when none are listed.
pub(super) fn aliases(settings: &Settings, config: &LlmConfig) -> Vec<String> {
    let listed: Vec<String> = match settings.get("llm-models") {
        Some(list) => list.split(';').map(|alias| alias.trim().to_owned()).collect(),
        // A bot that names its model means that one.
        None if settings.get("llm-model").is_some() || settings.get("llm-url").is_some() => Vec::new(),
        None => {
            let first = config.model.as_ref().map(|_| DEFAULT.to_owned());
            first.into_iter().chain(config.models.iter().cloned()).collect()
        }
    };
    let mut aliases: Vec<String> = Vec::new();
    for alias in listed {
        if !alias.is_empty() && !aliases.contains(&alias) {
            aliases.push(alias);
        }
    }
    if aliases.is_empty() {
        aliases.push(DEFAULT.to_owned());
    }
    aliases
}

impl Choice {
    /// What the settings name under `alias`, else the configuration; nothing when neither does.
    pub(super) fn make(settings: &Settings, alias: &str, config: &LlmConfig) -> Result<Option<Self>, String> {
        let own_url = setting(settings, "llm-url", alias)?;
        let own_provider = setting(settings, "llm-provider", alias)?.map(kind).transpose()?;
        let own_key = key(settings, alias)?;
        let own_model = setting(settings, "llm-model", alias)?;

        let plain_address = plain_address(settings, config)?;
        let (address, model) = if own_url.is_some() || own_provider.is_some() {
            (Some(address(own_url, own_provider)?), own_model)
        } else if let Some((kind, model)) = at_provider(alias, plain_address.as_ref()).filter(|_| own_model.is_none()) {
            (Some(address(None, Some(kind))?), Some(model))
        } else {
            (plain_address, own_model)
        };
        let Some(address) = address else {
            return Ok(None);
        };
        let model = match model {
            Some(model) => model,
            None if alias != DEFAULT => alias,
            None => match plain(settings, "llm-model")?.or(config.model.as_deref()) {
                Some(model) => model,
                None if address.is_named => UNNAMED,
                None => return Ok(None),
            },
        };

        let path = setting(settings, "llm-endpoint-path", alias)?.or(plain(settings, "llm-endpoint-path")?);
        let server = Endpoint::server(address.base)?;
        let own_key = match own_key {
            Some(key) => Some(key),
            None => plain_key(settings, config, &server)?,
        };
        let has_own_key = own_key.is_some();
        let key = own_key.map(Secret::new).or_else(|| server_key(config, &server));
        let place = Place {
            path,
            api_version: setting(settings, "llm-api-version", alias)?.or(plain(settings, "llm-api-version")?),
            key: key.as_ref().map(Secret::expose),
        };
        Ok(Some(Self {
            kind: address.kind,
            endpoint: address.kind.endpoint(address.base, model, place)?,
            key,
            has_own_key,
            model: model.to_owned(),
        }))
    }
}

/// The address of settings without an alias, else that of the configuration.
fn plain_address<'a>(settings: &'a Settings, config: &'a LlmConfig) -> Result<Option<Address<'a>>, String> {
    let (url, provider) = (
        plain(settings, "llm-url")?,
        plain(settings, "llm-provider")?.map(kind).transpose()?,
    );
    if url.is_some() || provider.is_some() {
        return address(url, provider).map(Some);
    }
    let provider = config.provider.as_deref().map(kind).transpose()?;
    if config.base_url.is_some() || provider.is_some() {
        return address(config.base_url.as_deref(), provider).map(Some);
    }
    let has_key = config.api_key.is_some() || key(settings, DEFAULT)?.is_some();
    Ok(has_key.then_some(Address {
        base: OPENAI,
        kind: Kind::OpenAi,
        is_named: false,
    }))
}

fn address(url: Option<&str>, provider: Option<Kind>) -> Result<Address<'_>, String> {
    let base = match (url, provider) {
        (Some(url), _) => url,
        (None, Some(kind)) => kind
            .address()
            .ok_or_else(|| format!("llm-provider {} needs an address: add llm-url", kind.name()))?,
        (None, None) => OPENAI,
    };
    Ok(Address {
        base,
        kind: provider.unwrap_or_else(|| Kind::at(base)),
        is_named: true,
    })
}

/// The provider and the model in an alias such as `anthropic/claude-haiku-4-5`. Models of `OpenRouter` are
/// called so.
fn at_provider<'a>(alias: &'a str, address: Option<&Address<'_>>) -> Option<(Kind, &'a str)> {
    let (provider, model) = alias.split_once('/')?;
    let is_router = address.is_some_and(|address| address.kind == Kind::OpenRouter);
    let kind = Kind::named(provider).filter(|kind| kind.address().is_some())?;
    (!is_router).then_some((kind, model))
}

/// The bot's key without an alias, if `server` is where it was given for.
fn plain_key<'a>(settings: &'a Settings, config: &LlmConfig, server: &Endpoint) -> Result<Option<&'a str>, String> {
    let Some(key) = key(settings, DEFAULT)? else {
        return Ok(None);
    };
    let own = plain_address(settings, config)?;
    let belongs = own.is_some_and(|own| Endpoint::server(own.base).is_ok_and(|own| own.same_server(server)));
    Ok(Some(key).filter(|_| belongs))
}

/// The server's key for `server`, if it was given one.
pub(super) fn server_key(config: &LlmConfig, server: &Endpoint) -> Option<Secret> {
    let belongs = |base: &str| Endpoint::server(base).is_ok_and(|own| own.same_server(server));
    let provider = config.provider.as_deref().and_then(Kind::named).and_then(Kind::address);
    let base = config.base_url.as_deref().or(provider).unwrap_or(OPENAI);
    if belongs(base) && config.api_key.is_some() {
        return config.api_key.clone();
    }
    config
        .keys
        .iter()
        .find(|(provider, _)| Kind::named(provider).and_then(Kind::address).is_some_and(belongs))
        .map(|(_, key)| key.clone())
}

fn key<'a>(settings: &'a Settings, alias: &str) -> Result<Option<&'a str>, String> {
    let read = |name| {
        if alias == DEFAULT {
            Ok(setting(settings, name, alias)?.or(plain(settings, name)?))
        } else {
            setting(settings, name, alias)
        }
    };
    Ok(match read("llm-key")? {
        Some(key) => Some(key),
        None => read("llm-api-key")?,
    })
}

fn kind(name: &str) -> Result<Kind, String> {
    Kind::named(name).ok_or_else(|| format!("llm-provider is {name:?}, which is none of {}", Kind::names()))
}

/// A setting of the model with that alias.
pub(super) fn setting<'a>(settings: &'a Settings, name: &str, alias: &str) -> Result<Option<&'a str>, String> {
    plain(settings, &format!("{name}.{alias}"))
}

/// The first of the settings, those of the alias before those of all models.
pub(super) fn first<T: std::str::FromStr>(settings: &Settings, names: [&str; 2], alias: &str) -> Option<T> {
    let of_alias = names.iter().find_map(|name| settings.parse(&format!("{name}.{alias}")));
    of_alias.or_else(|| names.iter().find_map(|name| settings.parse(name)))
}

/// A setting that must be the thing itself and not a reference to where it is kept.
pub(super) fn plain<'a>(settings: &'a Settings, name: &str) -> Result<Option<&'a str>, String> {
    match settings.get(name) {
        Some(value) if value.starts_with("vault:") => Err(format!(
            "{name} in config.csv is a vault reference and this server reads none: put the value itself there, \
             or leave the row out and give it to the server"
        )),
        value => Ok(value),
    }
}
