//! The only way to add a route: each declares who may enter.

use axum::{Router, handler::Handler, middleware::from_fn_with_state, routing::MethodRouter};
use botlib::Access;
use http::Method;
use utoipa::openapi::{
    OpenApi,
    path::{Operation, PathItem},
};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter, UtoipaMethodRouterExt};

use crate::{
    auth::{Gate, guard},
    openapi,
};

/// A route and who may enter, as the authorisation matrix lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteEntry {
    /// The HTTP method.
    pub method: Method,
    /// The path with its parameters, such as `/api/bots/{id}`.
    pub path: String,
    /// Who may enter.
    pub access: Access,
    /// Whether the OpenAPI document describes it. Pages, their assets and sockets are not described there.
    pub is_documented: bool,
}

/// Routes of a domain, each with the access that it needs.
///
/// ```
/// use botlib::{Access, Permission};
/// use botserver_core::{Auth, Json, Routes, routes};
///
/// /// Says hello.
/// #[utoipa::path(get, path = "/api/hello", responses((status = 200, body = String)))]
/// async fn hello(Auth(caller): Auth) -> Json<String> {
///     Json(format!("hello in request {}", caller.request))
/// }
///
/// let routes: Routes = Routes::new("greetings").route(Access::Needs(Permission::ChatTalk), routes!(hello));
/// assert_eq!(routes.entries().len(), 1);
/// ```
pub struct Routes<S = ()> {
    tag: &'static str,
    router: OpenApiRouter<S>,
    entries: Vec<RouteEntry>,
}

/// A finished set of routes.
#[derive(Clone)]
pub struct Built {
    /// The router, with a guard before every handler.
    pub router: Router,
    /// The description of its API.
    pub openapi: OpenApi,
    /// Every route with its access.
    pub entries: Vec<RouteEntry>,
}

impl std::fmt::Debug for Built {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Built")
            .field("entries", &self.entries)
            .finish_non_exhaustive()
    }
}

impl<S> std::fmt::Debug for Routes<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Routes")
            .field("tag", &self.tag)
            .field("entries", &self.entries)
            .finish_non_exhaustive()
    }
}

impl<S> Routes<S>
where
    S: Clone + Send + Sync + 'static,
{
    /// No routes yet. The API's description groups the operations under `tag`, the domain's name.
    pub fn new(tag: &'static str) -> Self {
        Self {
            tag,
            router: OpenApiRouter::default(),
            entries: Vec::new(),
        }
    }

    /// Adds the operations of one path, made with [`routes!`](crate::routes), for callers with `access`.
    #[must_use]
    pub fn route(mut self, access: Access, (schemas, mut paths, methods): UtoipaMethodRouter<S>) -> Self {
        for (path, item) in &mut paths.paths {
            for (method, operation) in operations(item) {
                openapi::declare(operation, path, self.tag, access);
                self.entries.push(RouteEntry {
                    method,
                    path: path.clone(),
                    access,
                    is_documented: true,
                });
            }
        }
        let guarded = (schemas, paths, methods).map(|methods| guarded(methods, access, true));
        self.router = self.router.routes(guarded);
        self
    }

    /// Adds something for browsers, such as a page, an asset or a socket: it answers `GET` and `HEAD`, and the API's
    /// description leaves it out.
    #[must_use]
    pub fn page<H, T>(mut self, access: Access, path: &str, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        let methods = guarded(axum::routing::get(handler), access, false);
        self.entries.push(RouteEntry {
            method: Method::GET,
            path: path.to_owned(),
            access,
            is_documented: false,
        });
        self.router = self.router.route(path, methods);
        self
    }

    /// Adds a path that speaks another protocol than the API, which the API's description leaves out.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "handlers are given away, as to a page")]
    pub fn protocol<H, T>(mut self, access: Access, path: &str, methods: &[Method], handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        let mut router = MethodRouter::new();
        for method in methods {
            if let Ok(filter) = axum::routing::MethodFilter::try_from(method.clone()) {
                router = router.on(filter, handler.clone());
                self.entries.push(RouteEntry {
                    method: method.clone(),
                    path: path.to_owned(),
                    access,
                    is_documented: false,
                });
            }
        }
        self.router = self.router.route(path, guarded(router, access, true));
        self
    }

    /// Adds all routes of `other`.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.entries.extend(other.entries);
        self
    }

    /// Adds all routes of `other` under `prefix`.
    #[must_use]
    pub fn nest(mut self, prefix: &str, other: Self) -> Self {
        self.router = self.router.nest(prefix, other.router);
        let nested = other.entries.into_iter().map(|entry| RouteEntry {
            path: nested(prefix, &entry.path),
            ..entry
        });
        self.entries.extend(nested);
        self
    }

    /// Lets bodies of the routes added so far have `bytes` instead of the server's limit.
    #[must_use]
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.router = self.router.layer(axum::extract::DefaultBodyLimit::max(bytes));
        self
    }

    /// Lets `map` rewrite what the routes added so far answer, what their guards refuse included.
    #[must_use]
    pub fn map_responses<F, Fut>(mut self, map: F) -> Self
    where
        F: Fn(axum::response::Response) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = axum::response::Response> + Send + 'static,
    {
        self.router = self.router.layer(axum::middleware::map_response(map));
        self
    }

    /// Gives the handlers their state.
    pub fn with_state(self, state: S) -> Routes {
        Routes {
            tag: self.tag,
            router: self.router.with_state(state),
            entries: self.entries,
        }
    }

    /// Every route with its access.
    pub fn entries(&self) -> &[RouteEntry] {
        &self.entries
    }
}

impl Routes {
    /// The router, the description of its API with `schemes` as the ways to prove oneself, and the list of routes.
    pub fn build(self, schemes: Vec<(String, utoipa::openapi::security::SecurityScheme)>) -> Built {
        let (router, mut openapi) = self.router.split_for_parts();
        openapi::complete(&mut openapi, schemes);
        let mut entries = self.entries;
        entries.sort_by(|a, b| (&a.path, a.method.as_str()).cmp(&(&b.path, b.method.as_str())));
        Built {
            router,
            openapi,
            entries,
        }
    }
}

fn guarded<S>(methods: MethodRouter<S>, access: Access, is_api: bool) -> MethodRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    // Around the handlers only, so that a wrong method is still answered with 405 and the right ones.
    methods.route_layer(from_fn_with_state(Gate { access, is_api }, guard))
}

/// The operations of a path, with their methods.
pub(crate) fn operations(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    [
        (Method::GET, &mut item.get),
        (Method::PUT, &mut item.put),
        (Method::POST, &mut item.post),
        (Method::DELETE, &mut item.delete),
        (Method::OPTIONS, &mut item.options),
        (Method::HEAD, &mut item.head),
        (Method::PATCH, &mut item.patch),
        (Method::TRACE, &mut item.trace),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// The path that axum gives a nested route.
fn nested(prefix: &str, path: &str) -> String {
    match path {
        "" | "/" => prefix.to_owned(),
        path => format!("{}{path}", prefix.trim_end_matches('/')),
    }
}
