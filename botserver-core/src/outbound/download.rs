//! Answers that are too large for memory: written down piece by piece.

use std::time::Duration;

use http::{HeaderValue, Method, StatusCode, header};
use url::Url;

use super::{Outbound, OutboundError, OutboundRequest, client::Hop};

/// The longest wait between two pieces of an answer.
const IDLE: Duration = Duration::from_mins(1);

/// What began to come.
#[derive(Debug)]
pub struct Download {
    /// The status, which may be an error.
    pub status: StatusCode,
    /// Bytes of the whole answer, where the server says it.
    pub length: Option<u64>,
    response: reqwest::Response,
    url: Url,
    outbound: Outbound,
}

impl Outbound {
    /// Asks for `url` from byte `from` on, follows redirects, and gives the answer before its body came. A server that
    /// knows no parts answers with 200 instead of 206, and from its beginning.
    ///
    /// # Errors
    /// When the policy refuses the request or a redirect, or no answer came.
    pub async fn download(&self, url: &str, from: u64) -> Result<Download, OutboundError> {
        let mut request = OutboundRequest::new(Method::GET, url);
        if from > 0
            && let Ok(range) = HeaderValue::from_str(&format!("bytes={from}-"))
        {
            request.headers.insert(header::RANGE, range);
        }
        let begun = async {
            let mut hop = Hop::first(request)?;
            for _ in 0..=self.policy().max_redirects {
                let response = self.fetch(&hop).await?;
                match hop.next(&response)? {
                    Some(next) => hop = next,
                    None => return Ok((hop.into_url(), response)),
                }
            }
            Err(OutboundError::Redirects(self.policy().max_redirects))
        };
        let (url, response) = limited(self.policy().timeout, begun).await?;
        Ok(Download {
            status: response.status(),
            length: response.content_length(),
            response,
            url,
            outbound: self.clone(),
        })
    }
}

impl Download {
    /// The next piece of the body; nothing at its end.
    ///
    /// # Errors
    /// When the connection broke off, or nothing came for a minute.
    pub async fn piece(&mut self) -> Result<Option<bytes::Bytes>, OutboundError> {
        let (response, outbound, url) = (&mut self.response, &self.outbound, &self.url);
        let next = async { response.chunk().await.map_err(|error| outbound.explain(url, error)) };
        limited(IDLE, next).await
    }
}

async fn limited<T>(limit: Duration, work: impl Future<Output = Result<T, OutboundError>>) -> Result<T, OutboundError> {
    match tokio::time::timeout(limit, work).await {
        Ok(result) => result,
        Err(_elapsed) => Err(OutboundError::Timeout(limit)),
    }
}
