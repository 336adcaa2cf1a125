//! What the server itself says to visitors, in their language.

/// Sentences that are not any bot's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phrase {
    /// The bot has no model and no dialog wants the message.
    NoModel,
    /// The model failed.
    ModelFailed,
    /// A budget is spent.
    BudgetSpent,
    /// A dialog failed.
    DialogFailed,
    /// The model answered nothing.
    Silence,
    /// What stands before passages when there is no model.
    Extract,
    /// Nothing in the documents answers the question.
    Unknown,
    /// The bot has no tables that the person may read.
    NoTables,
    /// The tables do not answer the question.
    NoQuery,
    /// A query found no rows.
    NoRows,
    /// A query found more rows than are shown.
    MoreRows,
    /// The word before the query of an answer.
    Query,
    /// The word before the number of a page.
    Page,
    /// The message is larger than the model can read.
    TooLong,
    /// What stands before a call that the person is asked about.
    Confirm,
    /// What stands after it.
    Sure,
    /// A call that the person refused.
    NotDone,
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
            (Self::BudgetSpent, "pt") => "Por agora não posso responder a mais perguntas. Volte mais tarde.",
            (Self::BudgetSpent, "es") => "Por ahora no puedo responder más preguntas. Vuelva más tarde.",
            (Self::BudgetSpent, _) => "I cannot answer any more questions for now. Please come back later.",
            (Self::DialogFailed, "pt") => "Algo deu errado deste lado. A equipe foi avisada.",
            (Self::DialogFailed, "es") => "Algo ha fallado de este lado. El equipo ha sido avisado.",
            (Self::DialogFailed, _) => "Something went wrong on this side. The team has been told.",
            (Self::Silence, "pt") => "Não tenho resposta para isso.",
            (Self::Silence, "es") => "No tengo respuesta para eso.",
            (Self::Silence, _) => "I have no answer to that.",
            (Self::Extract, "pt") => {
                "Não tenho um modelo de linguagem; estes são os trechos dos documentos que mais combinam com a pergunta:"
            }
            (Self::Extract, "es") => {
                "No tengo un modelo de lenguaje; estos son los pasajes de los documentos que mejor se ajustan a la pregunta:"
            }
            (Self::Extract, _) => {
                "I have no language model, so these are the passages of the documents that fit the question best:"
            }
            (Self::Unknown, "pt") => "Não sei: não encontrei isso nos documentos.",
            (Self::Unknown, "es") => "No lo sé: no lo he encontrado en los documentos.",
            (Self::Unknown, _) => "I do not know: I have not found that in the documents.",
            (Self::NoTables, "pt") => "Não há aqui tabelas que você possa ler.",
            (Self::NoTables, "es") => "Aquí no hay tablas que pueda leer.",
            (Self::NoTables, _) => "There are no tables here that you may read.",
            (Self::NoQuery, "pt") => "Não consigo responder a isso com as tabelas.",
            (Self::NoQuery, "es") => "No puedo responder a eso con las tablas.",
            (Self::NoQuery, _) => "I cannot answer that from the tables.",
            (Self::NoRows, "pt") => "Nada foi encontrado.",
            (Self::NoRows, "es") => "No se ha encontrado nada.",
            (Self::NoRows, _) => "Nothing was found.",
            (Self::MoreRows, "pt") => "Há mais linhas; estas são as primeiras.",
            (Self::MoreRows, "es") => "Hay más filas; estas son las primeras.",
            (Self::MoreRows, _) => "There are more rows; these are the first.",
            (Self::Query, "pt" | "es") => "Consulta:",
            (Self::Query, _) => "Query:",
            (Self::Page, "pt" | "es") => "página",
            (Self::Page, _) => "page",
            (Self::TooLong, "pt") => "A mensagem é longa demais para o modelo. Tente uma mais curta.",
            (Self::TooLong, "es") => "El mensaje es demasiado largo para el modelo. Pruebe con uno más corto.",
            (Self::TooLong, _) => "The message is too long for the model. Please try a shorter one.",
            (Self::Confirm, "pt") => "O assistente quer fazer isto em seu nome:",
            (Self::Confirm, "es") => "El asistente quiere hacer esto en su nombre:",
            (Self::Confirm, _) => "The assistant wants to do this in your name:",
            (Self::Sure, "pt") => "Responda sim ou não.",
            (Self::Sure, "es") => "Responda sí o no.",
            (Self::Sure, _) => "Please answer yes or no.",
            (Self::NotDone, "pt") => "Certo, não foi feito.",
            (Self::NotDone, "es") => "De acuerdo, no se ha hecho.",
            (Self::NotDone, _) => "Very well, it was not done.",
        }
    }
}
