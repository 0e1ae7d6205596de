//! Associations of machines with rules and endpoints.

use super::listed::property;
use super::settle::{Present, Settling};
use super::{ContentKind, Piece};
use crate::azure::ResourceId;
use crate::sentinel::Result;
use crate::sentinel::target::Object;

impl Settling {
    /// Associations lie at machines, which stay where they are.
    pub(super) async fn associations(&mut self, pieces: Vec<Piece>) -> Result<()> {
        let kind = ContentKind::Associations;
        for mut piece in pieces {
            let Some(place) = piece.source.clone() else { continue };
            self.remap.value(&mut piece.body);
            let machine = place.as_str().split("/providers/Microsoft.Insights/").next().unwrap_or_default();
            piece.title = format!("{} of {}", place.name(), ResourceId::new(machine).name());
            let Some(raw) = self.target.find(&place, kind.surface()).await? else {
                self.create(&piece, place)?;
                continue;
            };
            let present = Present { object: Object::of(&raw)?, raw };
            let member = ["dataCollectionRuleId", "dataCollectionEndpointId"]
                .into_iter()
                .find(|name| piece.body["properties"][name].is_string())
                .unwrap_or("dataCollectionRuleId");
            let now = property(&present.object.0, member);
            let wanted = property(&piece.body, member);
            if ResourceId::new(&now) != ResourceId::new(wanted) && !self.moves_associations {
                self.cannot(
                    &piece,
                    format!("the machine is associated with {now}; with MoveAssociations it changes over"),
                );
                continue;
            }
            self.change(&piece, &present).await?;
        }
        Ok(())
    }
}
