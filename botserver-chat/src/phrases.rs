//! What the server itself says to visitors, in their language.

/// Sentences that are not any bot's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phrase {
    /// The bot has no model and no dialog wants the message.
    NoModel,
    /// The model failed.
    ModelFailed,
    /// A dialog failed.
    DialogFailed,
    /// The model answered nothing.
    Silence,
}

impl Phrase {
    /// The sentence in the language of `locale`, a BCP 47 tag; English when we do not speak it.
    pub(crate) fn text(self, locale: &str) -> &'static str {
        let language = locale.split(['-', '_']).next().unwrap_or_default();
        match (self, language) {
            (Self::NoModel, "pt") => {
                "Este bot não tem um modelo de linguagem, por isso só consegue conduzir os seus diálogos."
            }
            (Self::NoModel, "es") => "Este bot no tiene un modelo de lenguaje, así que solo puede llevar sus diálogos.",
            (Self::NoModel, _) => "This bot has no language model, so it can only lead its dialogs.",
            (Self::ModelFailed, "pt") => "Não consigo responder agora. Tente de novo daqui a pouco.",
            (Self::ModelFailed, "es") => "No puedo responder ahora. Inténtelo de nuevo en un momento.",
            (Self::ModelFailed, _) => "I cannot answer right now. Please try again in a moment.",
            (Self::DialogFailed, "pt") => "Algo deu errado deste lado. A equipe foi avisada.",
            (Self::DialogFailed, "es") => "Algo ha fallado de este lado. El equipo ha sido avisado.",
            (Self::DialogFailed, _) => "Something went wrong on this side. The team has been told.",
            (Self::Silence, "pt") => "Não tenho resposta para isso.",
            (Self::Silence, "es") => "No tengo respuesta para eso.",
            (Self::Silence, _) => "I have no answer to that.",
        }
    }
}
