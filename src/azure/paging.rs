//! Lists that come in pages.

use futures_util::Stream;
use futures_util::stream;
use hyper::body::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Client, Error, Kind, Request, Result, Scope};

/// More pages than any list has: behind them the links lead in a circle.
const PAGES: usize = 100_000;

/// One page: the objects as Azure wrote them. They stay one text until they are taken out, one after the other, so that a
/// long list takes the memory of a page.
#[derive(Debug, Default)]
pub struct Page {
    /// Parts of the one text.
    objects: std::vec::IntoIter<Bytes>,
}

#[derive(Deserialize)]
struct Written<'a> {
    #[serde(default, borrow)]
    value: Vec<&'a RawValue>,
    #[serde(default, rename = "nextLink")]
    next_link: Option<String>,
}

impl Iterator for Page {
    type Item = Box<RawValue>;

    fn next(&mut self) -> Option<Self::Item> {
        // Each was read as a value already.
        self.objects.find_map(|object| serde_json::from_slice(&object).ok())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.objects.size_hint()
    }
}

impl Client {
    /// The pages of a list, each fetched when it is asked for.
    pub fn pages(&self, scope: &Scope, first: Request) -> impl Stream<Item = Result<Page>> + Send + use<> {
        let (client, scope) = (self.clone(), scope.clone());
        let like = first.clone();
        stream::unfold(Some((first, 0)), move |state| {
            let (client, scope, like) = (client.clone(), scope.clone(), like.clone());
            async move {
                let (request, number) = state?;
                match page(&client, &scope, &request, &like, number).await {
                    Ok((page, next)) => Some((Ok(page), next.map(|next| (next, number + 1)))),
                    Err(error) => Some((Err(error), None)),
                }
            }
        })
    }

    /// A whole list. For lists that are known to be short.
    ///
    /// # Errors
    /// Those of [`send`](Self::send).
    pub async fn list(&self, scope: &Scope, first: Request) -> Result<Vec<Box<RawValue>>> {
        use futures_util::TryStreamExt;
        self.pages(scope, first)
            .try_fold(Vec::new(), |mut all, page| async move {
                all.extend(page);
                Ok(all)
            })
            .await
    }
}

async fn page(
    client: &Client,
    scope: &Scope,
    request: &Request,
    like: &Request,
    number: usize,
) -> Result<(Page, Option<Request>)> {
    let answer = client.send(scope, request).await?;
    if answer.body.is_empty() {
        return Ok((Page::default(), None));
    }
    let written: Written<'_> = answer.borrow()?;
    let link = written.next_link.filter(|link| !link.is_empty());
    let objects: Vec<Bytes> =
        written.value.iter().map(|object| answer.body.slice_ref(object.get().as_bytes())).collect();
    let page = Page { objects: objects.into_iter() };
    let next = match link {
        None => None,
        Some(link) => {
            let next = client.follow(&link, like)?;
            if next.url == request.url || number >= PAGES {
                return Err(Error::new(Kind::ServiceFailed, "the pages of the list lead in a circle")
                    .during(request.line(), scope.correlation_id()));
            }
            Some(next)
        }
    };
    Ok((page, next))
}
